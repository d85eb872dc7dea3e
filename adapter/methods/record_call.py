"""`record_call`: record in the background while the script goes on (SWML reference, record_call).

document            switch
record_call    →    uuid_answer              if nothing has answered the call yet
  beep: true   →    playback tone_stream     heard before the start, so it is not in the file
               →    uuid_record start        with this recording's own variables
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from adapter.freeswitch.errors import CommandFailed, ReplyTimeout
from adapter.methods.context import Context
from adapter.recording.call_recordings import ControlIdInUse
from adapter.recording.options import Options
from adapter.recording.refusals import SwitchTooOld
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters

BEEP = "tone_stream://%(250,0,1000)"
"""A quarter of a second of 1 kHz."""


class RecordingParameters(Parameters):
    """What can be said of any recording; the defaults are those of `record_call`."""

    stereo: bool = Field(False, description="left: what the party says; right: what it hears")
    format: Literal["wav", "mp3", "mp4"] = Field("wav", description="format of the file")
    direction: Literal["speak", "listen", "both"] = Field(
        "both", description="speak: what the party says; listen: what it hears"
    )
    terminators: str = Field("", pattern=r"^[0-9A-Da-d*#]*$", description="digits that end it")
    beep: bool = Field(False, description="play a beep before it starts")
    input_sensitivity: float = Field(
        44.0, ge=0, le=100, description="of the silence detection; each point is half a decibel"
    )
    initial_timeout: float = Field(
        0, ge=0, description="seconds to wait for sound, then no_input; 0 is for ever"
    )
    end_silence_timeout: float = Field(
        0, ge=0, description="seconds of silence that end it; 0 is never"
    )
    max_length: float | None = Field(None, ge=0, description="seconds; absent or 0 is no limit")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


class RecordCall(RecordingParameters):
    """Record the call in the background."""

    control_id: str | None = Field(None, description="name of the recording; generated if absent")


SPEC = MethodSpec("record_call", RecordCall)

SILENT = True

LIMITS = {
    "format": "mp3 needs the switch's mod_shout, mp4 its mod_av",
    "input_sensitivity": "half a decibel a point around FreeSWITCH's own threshold at 44",
}


def perform(context: Context, params: RecordCall) -> Result:
    """Answer, beep, start; the recording then lives on its own until something ends it."""
    context.call.answer()
    recorder = context.recordings.of_step(context.step)
    if recorder is None:
        if params.beep:
            context.call.execute("playback", BEEP)
        control_id = params.control_id or context.recordings.new_control_id()
        options = options_of(params, control_id=control_id, step=context.step)
        try:
            recorder = context.recordings.start(options)
        except (ControlIdInUse, CommandFailed, ReplyTimeout, SwitchTooOld) as error:
            return Result(
                {"record_call_result": "failed", "record_control_id": options.control_id},
                error=ScriptError(Code.EXECUTE_FAILED, f"record_call: {advice_of(error)}"),
            )
    return Result(
        {
            "record_call_result": "success",
            "record_call_url": context.recordings.url(recorder),
            "record_control_id": recorder.options.control_id,
        }
    )


def advice_of(error: Exception) -> str:
    """What to do about a refusal, or else what was refused."""
    return getattr(error, "advice", "") or str(error)


def options_of(params: RecordingParameters, *, control_id: str, step: int) -> Options:
    """What both `record_call` and `record` ask of a recording."""
    return Options(
        control_id=control_id,
        format=params.format,
        stereo=params.stereo,
        direction=params.direction,
        terminators=params.terminators.upper(),
        input_sensitivity=params.input_sensitivity,
        initial_timeout=params.initial_timeout,
        end_silence_timeout=params.end_silence_timeout,
        max_length=params.max_length or None,
        status_url=params.status_url,
        step=step,
    )
