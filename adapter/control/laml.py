"""What the LaML API does to recordings of a running call; not to be had by the Calling API.

LaML names a recording by its own id, and records as `record_call` does: until it is stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from adapter.control.command import Command
from adapter.control.errors import Invalid
from adapter.control.record import begin, close, go_on, hold
from adapter.recording.options import Options
from adapter.recording.pauses import Behavior
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl

PREFIX = "laml."
RECORD = PREFIX + "record"
UPDATE = PREFIX + "update"


class Record(Parameters):
    """Start a recording. `control_id` is one that nobody has used."""

    control_id: str
    stereo: bool
    direction: Literal["speak", "listen", "both"]
    form_callback: dict[str, Any] | None = None


class Update(Parameters):
    """Pause a recording, have it go on, or stop it."""

    recording_id: str
    status: Literal["paused", "in-progress", "stopped"]
    behavior: Behavior = Behavior.SILENCE


def record(control: CallControl, params: Record) -> None:
    """Start it."""
    options = Options(
        control_id=params.control_id,
        stereo=params.stereo,
        direction=params.direction,
        form_callback=params.form_callback,
    )
    begin(control, options)


def update(control: CallControl, params: Update) -> None:
    """Returns when it is done."""
    recorder = control.context.recordings.of_id(params.recording_id)
    if recorder is None or not recorder.active:
        raise Invalid("The recording does not run.", attribute="recording_id")
    match params.status:
        case "paused":
            hold(recorder, params.behavior)
        case "in-progress":
            go_on(control, recorder)
        case _:
            close(recorder)


COMMANDS: tuple[Command, ...] = (Command(RECORD, Record, record), Command(UPDATE, Update, update))
