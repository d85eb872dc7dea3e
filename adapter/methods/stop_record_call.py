"""`stop_record_call`: end a recording of `record_call` (SWML reference, stop_record_call)."""

from __future__ import annotations

from pydantic import Field

from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters


class StopRecordCall(Parameters):
    """End a recording that runs in the background."""

    control_id: str | None = Field(
        None, description="which one; the variable record_control_id (the last started) if absent"
    )


SPEC = MethodSpec(
    "stop_record_call",
    StopRecordCall,
    Shorthand(scalar="control_id"),
    aliases=("stop_call_record",),
)

SILENT = True


def perform(context: Context, params: StopRecordCall) -> Result:
    """Returns when the file is closed and its last state stored: `record_call_url` can be played.

    Stopping a recording that has ended by itself (a terminator, silence, its length) succeeds.
    """
    control_id = params.control_id or str(context.variables.get("record_control_id") or "")
    recorder = context.recordings.find(control_id)
    if recorder is None:
        raise ScriptError(Code.EXECUTE_FAILED, f"no recording {control_id!r} on this call")
    if not recorder.stop():
        raise ScriptError(Code.EXECUTE_FAILED, f"the recording {control_id!r} did not close")
    return Result({"stop_record_call_result": "success"})
