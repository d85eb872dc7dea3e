"""`calling.collect` (digits) and `calling.send_digits`: the keys of a phone, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from adapter.control.collecting import Collecting, Wanted
from adapter.control.command import MISSING, Command, Controlled
from adapter.control.errors import Invalid, NotPossible
from adapter.freeswitch import commands
from adapter.methods.send_digits import SendDigits
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl

LONGEST = 86400
"""Seconds: no call lasts longer."""


class Digits(Parameters):
    """Which digits end it."""

    max: int = Field(ge=1, le=1000)
    terminators: str = Field("", pattern=r"^[0-9A-Da-d*#]*$")
    digit_timeout: float = Field(5, ge=0, le=LONGEST)


class Collect(Parameters):
    """Collect what the party presses."""

    control_id: str | None = None
    initial_timeout: float = Field(4, ge=0, le=LONGEST)
    digits: Digits | None = None
    speech: dict[str, Any] | None = None
    continuous: bool = False
    partial_results: bool = False
    send_start_of_input: bool = False
    start_input_timers: bool = False
    status_url: str | None = None


def start(control: CallControl, params: Collect) -> None:
    """Begin; what comes of it is told at `status_url`."""
    collecting = made(control, params)
    control.collects.add(collecting.control_id, collecting)
    collecting.start()


def made(control: CallControl, params: Collect) -> Collecting:
    """What is to be collected, checked and not begun."""
    if params.digits is None:
        if params.speech is None:
            raise Invalid("Give digits.", code=MISSING, attribute="digits")
        raise NotPossible("Speech cannot be collected by a command: use prompt, or ask for digits.")
    control_id = params.control_id or control.new_id()
    control.collects.check(control_id)
    wanted = Wanted(
        max_digits=params.digits.max,
        terminators=params.digits.terminators.upper(),
        digit_timeout=params.digits.digit_timeout,
        initial_timeout=params.initial_timeout,
        timers_run=params.start_input_timers,
        continuous=params.continuous,
        tell_start=params.send_start_of_input,
    )
    return Collecting(control, control_id, wanted, params.status_url)


def stop(control: CallControl, params: Controlled) -> None:
    """It ends; the result `finished` follows."""
    control.collects.find(params.control_id).stop()


def start_input_timers(control: CallControl, params: Controlled) -> None:
    """From now on the first digit is waited for no longer than `initial_timeout`."""
    control.collects.find(params.control_id).start_timers()


class PressDigits(SendDigits):
    """Which keys; clients hear of the end by its `control_id`."""

    control_id: str | None = None


def send_digits(control: CallControl, params: PressDigits) -> None:
    """Press keys; returns when the switch has queued them."""
    call = control.call
    call.api(commands.api("uuid_send_dtmf", call.uuid, params.digits))
    control_id = params.control_id or control.new_id()
    control.tell(None, "calling.call.send_digits", control_id=control_id, state="finished")


COMMANDS = (
    Command("calling.collect", Collect, start),
    Command("calling.collect.stop", Controlled, stop),
    Command("calling.collect.start_input_timers", Controlled, start_input_timers),
    Command("calling.send_digits", PressDigits, send_digits),
)
