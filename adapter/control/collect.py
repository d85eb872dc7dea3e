"""`calling.collect` and `calling.send_digits`: what the party presses or says, and our own keys.

Speech is understood as in `prompt`, by the recogniser of the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from adapter.control.collecting import Collecting, Wanted
from adapter.control.command import MISSING, Command, Controlled
from adapter.control.errors import Invalid
from adapter.control.hearing import Words
from adapter.freeswitch import commands
from adapter.methods.send_digits import SendDigits
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl

NO_PARTIAL_RESULTS = (
    "partial_results: the recogniser hears each utterance as a whole; its result comes at its end"
)
LONGEST = 86400
"""Seconds: no call lasts longer."""


class Digits(Parameters):
    """Which digits end it."""

    max: int = Field(ge=1, le=1000)
    terminators: str = Field("", pattern=r"^[0-9A-Da-d*#]*$")
    digit_timeout: float = Field(5, ge=0, le=LONGEST)


class Speech(Parameters):
    """How speech is understood; the engine is the one of the settings."""

    end_silence_timeout: float = Field(1, ge=0, le=LONGEST)
    speech_timeout: float = Field(60, gt=0, le=LONGEST)
    language: str | None = None
    hints: list[str] = Field([], max_length=500)
    model: str | None = None


class Collect(Parameters):
    """Collect what the party presses, or says: whichever comes first."""

    control_id: str | None = None
    initial_timeout: float = Field(4, ge=0, le=LONGEST)
    digits: Digits | None = None
    speech: Speech | None = None
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
    if params.digits is None and params.speech is None:
        raise Invalid("Give digits or speech.", code=MISSING, attribute="digits")
    if params.partial_results and params.speech:
        control.warn(NO_PARTIAL_RESULTS)
    control_id = params.control_id or control.new_id()
    control.collects.check(control_id)
    digits = params.digits
    wanted = Wanted(
        max_digits=digits.max if digits else 0,
        terminators=digits.terminators.upper() if digits else "",
        digit_timeout=digits.digit_timeout if digits else 0,
        speech=_words(params.speech),
        initial_timeout=params.initial_timeout,
        timers_run=params.start_input_timers,
        continuous=params.continuous,
        tell_start=params.send_start_of_input,
    )
    return Collecting(control.context, control_id, wanted, params.status_url)


def _words(speech: Speech | None) -> Words | None:
    if speech is None:
        return None
    return Words(
        speech.end_silence_timeout, speech.speech_timeout, speech.language or "", speech.hints
    )


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
