"""`stop_tap`: end a tap (SWML reference, stop_tap)."""

from __future__ import annotations

from pydantic import Field

from adapter.freeswitch.errors import SwitchError
from adapter.methods.context import Context
from adapter.methods.tap import forks_of, taps_of
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters
from adapter.tapping.taps import TapFailed


class StopTap(Parameters):
    """End a tap."""

    control_id: str | None = Field(
        None, description="which one; the variable tap_control_id (the last started) if absent"
    )


SPEC = MethodSpec("stop_tap", StopTap, Shorthand(scalar="control_id"))


def perform(context: Context, params: StopTap) -> Result:
    """Returns when nothing is sent any more."""
    control_id = params.control_id or context.variables.get("tap_control_id")
    try:
        if forks_of(context).has(control_id):
            forks_of(context).stop(control_id)
        else:
            taps_of(context).stop(control_id)
    except (TapFailed, SwitchError) as error:
        raise ScriptError(Code.EXECUTE_FAILED, f"stop_tap: {error}") from error
    return Result({"stop_tap_result": "success"})
