"""`transcribe_stop`: end the writing down (SWML reference, transcribe_stop)."""

from __future__ import annotations

from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters


class TranscribeStop(Parameters):
    """End the writing down of what is said."""


SPEC = MethodSpec("transcribe_stop", TranscribeStop, aliases=("stop_transcribe",))


def perform(context: Context, _: TranscribeStop) -> Result:
    """The text follows by a callback."""
    capture = context.running.get("transcribe")
    if capture is None or capture.ended.is_set():
        raise ScriptError(Code.EXECUTE_FAILED, "transcribe_stop: nothing is being written down")
    capture.stop()
    return Result({"transcribe_stop_result": "success"})
