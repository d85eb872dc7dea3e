"""`record`: record the party and wait for the end (SWML reference, record).

The same recording as `record_call` starts, but the script waits for it: a terminator, silence,
`max_length` or the hangup ends it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from adapter.freeswitch.errors import CommandFailed, Interrupted, ReplyTimeout
from adapter.methods.context import Context
from adapter.methods.record_call import BEEP, RecordingParameters, advice_of, options_of
from adapter.methods.record_call import LIMITS as LIMITS
from adapter.recording.recorder import Recorder
from adapter.recording.refusals import SwitchTooOld
from adapter.recording.state import State
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError


class Record(RecordingParameters):
    """Record in the foreground, as voicemail does."""

    direction: Literal["speak", "listen", "both"] = Field(
        "speak", description="speak: what the party says; listen: what it hears"
    )
    terminators: str = Field("#", pattern=r"^[0-9A-Da-d*#]*$", description="digits that end it")
    initial_timeout: float = Field(4, ge=0, description="seconds to wait for sound; 0 is off")
    end_silence_timeout: float = Field(
        5, ge=0, description="seconds of silence that end it; 0 is off"
    )


SPEC = MethodSpec("record", Record)


def perform(context: Context, params: Record) -> Result:
    """Answer, beep, record, wait. Hearing nobody (`no_input`) is a success with a file."""
    context.call.answer()
    try:
        recorder = context.recordings.of_step(context.step) or _start(context, params)
    except (CommandFailed, ReplyTimeout, SwitchTooOld) as error:
        raise ScriptError(Code.EXECUTE_FAILED, f"record: {advice_of(error)}") from error
    try:
        context.call.wait(recorder.ended)
    except Interrupted:
        recorder.stop()
        raise
    context.call.raise_if_gone()
    context.digits.forget()
    failed = recorder.row.state == State.ERROR
    return Result(
        {
            "record_url": context.recordings.url(recorder),
            "record_result": "failed" if failed else "success",
        }
    )


def _start(context: Context, params: Record) -> Recorder:
    if params.beep:
        context.call.execute("playback", BEEP)
    control_id = context.recordings.new_control_id()
    return context.recordings.start(options_of(params, control_id=control_id, step=context.step))
