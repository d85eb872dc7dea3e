"""`stop_stream`: end a stream (SWML reference, stop_stream)."""

from __future__ import annotations

from pydantic import Field

from adapter.freeswitch.errors import SwitchError
from adapter.methods.context import Context
from adapter.methods.tap import forks_of
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters
from adapter.tapping.taps import TapFailed


class StopStream(Parameters):
    """End a stream."""

    control_id: str | None = Field(
        None, description="which one; the variable stream_control_id (the last started) if absent"
    )


SPEC = MethodSpec("stop_stream", StopStream, Shorthand(scalar="control_id"))


def perform(context: Context, params: StopStream) -> Result:
    """Returns when nothing is sent any more."""
    control_id = params.control_id or context.variables.get("stream_control_id")
    try:
        forks_of(context).stop(control_id)
    except (TapFailed, SwitchError) as error:
        raise ScriptError(Code.EXECUTE_FAILED, f"stop_stream: {error}") from error
    return Result({"stop_stream_result": "success"})
