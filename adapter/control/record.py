"""`calling.record` and what may follow it: pause, resume, stop.

The parameters come in three shapes: `{record: {audio: …}}` as documented, `{audio: …}` as an SDK
sends them, or none at all. Defaults are those of this command, not of SWML's `record_call`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from adapter.control.command import Command, Controlled
from adapter.control.errors import Invalid, NotPossible
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.greenlets import spawn
from adapter.methods.record_call import BEEP, RecordingParameters, options_of
from adapter.recording.pauses import Behavior
from adapter.recording.recorder import NotRunning, Recorder
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.recording.options import Options

LONGEST = 86400
"""Seconds: no call lasts longer."""


class Audio(RecordingParameters):
    """How it is recorded."""

    format: Literal["wav", "mp3", "mp4"] = "mp3"
    direction: Literal["speak", "listen", "both"] = "speak"
    terminators: str = Field("#", pattern=r"^[0-9A-Da-d*#]*$")
    initial_timeout: float = Field(4, ge=0, le=LONGEST)
    end_silence_timeout: float = Field(0.5, ge=0, le=LONGEST)
    max_length: float = Field(0, ge=0, le=LONGEST)


class Shape(Parameters):
    """The documented shape."""

    audio: Audio = Audio()


class Record(Parameters):
    """Start a recording."""

    control_id: str | None = None
    record: Shape | None = None
    audio: Audio | None = None
    status_url: str | None = None

    @property
    def chosen(self) -> Audio:
        """What was asked for, in whichever shape."""
        return self.record.audio if self.record else self.audio or Audio()


class Pause(Controlled):
    """Pause a recording; `skip` leaves the time out of the file, `silence` keeps it."""

    behavior: Behavior = Behavior.SKIP


def start(control: CallControl, params: Record) -> None:
    """Start it; with a beep it starts after that, and this returns before."""
    recordings = control.context.recordings
    control_id = params.control_id or recordings.new_control_id()
    running = recordings.find(control_id)
    if running and running.active:
        raise Invalid(f"A recording {control_id!r} runs on this call.", attribute="control_id")
    audio = params.chosen.model_copy(update={"status_url": params.status_url})
    options = options_of(audio, control_id=control_id, step=0)
    if audio.beep:
        spawn(_start_after_beep, control, options, name=f"beep {control_id}")
    else:
        begin(control, options)


def begin(control: CallControl, options: Options) -> None:
    """Start it now; raises `NotPossible`."""
    try:
        control.context.recordings.start(options)
    except CallGone:
        raise
    except SwitchError as error:
        raise NotPossible(f"The recording did not start: {error}") from error


def _start_after_beep(control: CallControl, options: Options) -> None:
    try:
        control.call.execute("playback", BEEP)
        begin(control, options)
    except (CallGone, NotPossible) as error:
        control.log.info("recording not started", reason=str(error))


def pause(control: CallControl, params: Pause) -> None:
    """Returns when the switch records no more; the callback `paused` follows."""
    hold(find(control, params.control_id), params.behavior)


def resume(control: CallControl, params: Controlled) -> None:
    """Returns when the switch records again."""
    go_on(control, find(control, params.control_id))


def stop(control: CallControl, params: Controlled) -> None:
    """Returns when the file is closed and can be had; one that has ended by itself is stopped."""
    close(find(control, params.control_id))


def hold(recorder: Recorder, behavior: Behavior) -> None:
    """Pause it; raises `Invalid` where it does not run."""
    _while_it_runs(recorder, lambda it: it.pause(behavior))


def go_on(control: CallControl, recorder: Recorder) -> None:
    """Have it go on; raises `Invalid` where it does not run, and `NotPossible`."""
    if control.context.recordings.is_hushed:
        raise NotPossible("Digits of a card are being typed: the recording goes on after that.")
    _while_it_runs(recorder, lambda it: it.resume())


def close(recorder: Recorder) -> None:
    """Stop it; raises `NotPossible`."""
    if not recorder.stop():
        raise NotPossible("The recording did not close.")


def find(control: CallControl, control_id: str) -> Recorder:
    """The latest recording of this control_id; raises `Invalid`."""
    recorder = control.context.recordings.find(control_id)
    if recorder is None:
        raise Invalid(f"No recording {control_id!r} on this call.", attribute="control_id")
    return recorder


def _while_it_runs(recorder: Recorder, do: Callable[[Recorder], None]) -> None:
    try:
        do(recorder)
    except NotRunning as error:
        raise Invalid(f"It cannot be done: {error}.", attribute="control_id") from error


COMMANDS = (
    Command("calling.record", Record, start),
    Command("calling.record.pause", Pause, pause),
    Command("calling.record.resume", Controlled, resume),
    Command("calling.record.stop", Controlled, stop),
)
