"""`calling.detect` and its stop: who has answered, or which keys are pressed.

Persons, machines and faxes are told by the code of the step `detect_machine`, with its defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from gevent.event import Event as Flag
from pydantic import Field

from adapter.control.command import Command, Controlled, Typed
from adapter.control.script import checked_url
from adapter.greenlets import spawn
from adapter.methods import detect_machine
from adapter.methods.detect_machine import DetectMachine
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.freeswitch.wire import Event

EVENT = "calling.call.detect"
LONGEST = 86400
"""Seconds: no call lasts longer."""


class Rules(Parameters):
    """How it is told; which of them count, says the type."""

    initial_timeout: float = Field(4.5, ge=0, le=LONGEST)
    end_silence_timeout: float = Field(1, ge=0, le=LONGEST)
    machine_ready_timeout: float | None = Field(None, ge=0, le=LONGEST)
    machine_voice_threshold: float = Field(1.25, ge=0, le=LONGEST)
    machine_words_threshold: int = Field(6, ge=0, le=1000)
    detect_message_end: bool = False
    tone: Literal["CED", "CNG"] = "CED"
    digits: str = Field("0123456789#*", pattern=r"^[0-9A-Da-d*#]+$")


class Wanted(Typed):
    """What is to be found out."""

    type: Literal["machine", "fax", "digit"]
    params: Rules = Rules()


class Detect(Parameters):
    """Find it out, in `timeout` seconds."""

    control_id: str | None = None
    detect: Wanted
    timeout: float = Field(30, ge=0, le=LONGEST)
    status_url: str | None = None


class Digits:
    """Tells of each of certain keys; the script has them all the same."""

    def __init__(self, control: CallControl, control_id: str, params: Detect) -> None:
        self.over = False
        self._control = control
        self._control_id = control_id
        self._wanted = params.detect.params.digits.upper()
        self._seconds = params.timeout
        self._url = params.status_url
        self._stopped = Flag()
        self._done = Flag()

    def start(self) -> None:
        """Begin."""
        stop_hearing = self._control.call.on("DTMF", self._on_digit)
        self._control.call.when_ended(self._stopped.set)
        self._control.call.on("CHANNEL_HANGUP", lambda _: self._stopped.set())
        greenlet = spawn(self._run, name=f"detect {self._control_id}")
        greenlet.link(lambda _: stop_hearing())

    def stop(self) -> None:
        """End it; `finished` follows."""
        self._stopped.set()

    def settle(self, seconds: float) -> None:
        """Wait for it to have said that it is over; the call has ended."""
        self._done.wait(timeout=seconds)

    def _run(self) -> None:
        self._stopped.wait(timeout=self._seconds)
        self.over = True
        self._tell("finished")
        self._done.set()

    def _on_digit(self, event: Event) -> None:
        key = event.get("DTMF-Digit").upper()
        if key in self._wanted and not self.over:
            spawn(self._tell, key)  # telling may wait for the store

    def _tell(self, event: str) -> None:
        detect = {"type": "digit", "params": {"event": event}}
        self._control.tell(self._url, EVENT, control_id=self._control_id, detect=detect)


def start(control: CallControl, params: Detect) -> None:
    """Begin; what comes of it is told at `status_url`."""
    control_id = params.control_id or control.new_id()
    if params.status_url:
        checked_url(params.status_url, "status_url")
    control.detects.check(control_id)
    detecting: Any
    if params.detect.type == "digit":
        detecting = Digits(control, control_id, params)
    else:
        detecting = detect_machine.Detecting(
            control.began_now(), _as_step(params), control_id=control_id
        )
    control.detects.add(control_id, detecting)
    detecting.start()


def _as_step(params: Detect) -> DetectMachine:
    rules = params.detect.params.model_dump(exclude={"digits"})
    return DetectMachine(
        detectors="fax" if params.detect.type == "fax" else "amd",
        timeout=params.timeout,
        wait=False,
        status_url=params.status_url,
        **rules,
    )


def stop(control: CallControl, params: Controlled) -> None:
    """It ends; `finished` follows."""
    control.detects.find(params.control_id).stop()


COMMANDS = (
    Command("calling.detect", Detect, start),
    Command("calling.detect.stop", Controlled, stop),
)
