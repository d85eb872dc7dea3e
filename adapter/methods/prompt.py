"""`prompt`: play sounds and collect digits (SWML reference, prompt).

A digit cuts the sounds off and counts. The first one is waited for `initial_timeout` seconds after
the sounds, each next one `digit_timeout`; `max_digits` or a terminator ends the input. Digits that
were pressed before the prompt count as well. Speech needs a recogniser, which there is none of yet.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from adapter.methods.context import Context
from adapter.methods.play import Speaking, speaking_wish
from adapter.sounds.player import open_media, play_sounds
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import ONE_OR_MANY


class Prompt(Speaking):
    """Play something and wait for digits or speech."""

    play: Annotated[list[str], ONE_OR_MANY] = Field(description="what to play, in this order")
    volume: float = Field(0, ge=-40, le=40, description="decibels, as for play")
    max_digits: int = Field(1, ge=1, description="digits to collect at most")
    terminators: str | None = Field(None, description="digits that end the input")
    digit_timeout: float = Field(5, ge=0, description="seconds to wait for each next digit")
    initial_timeout: float = Field(5, ge=0, description="seconds to wait for the first input")
    speech_timeout: float | None = Field(None, ge=0, description="longest speech, in seconds")
    speech_end_timeout: float | None = Field(
        None, ge=0, description="seconds of silence that end the speech"
    )
    speech_language: str | None = Field(None, description="language to recognise")
    speech_hints: Annotated[list[str] | None, ONE_OR_MANY] = Field(
        None, description="words to expect"
    )
    speech_engine: str | None = Field(None, description="speech recogniser to use")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec(
    "prompt", Prompt, Shorthand(scalar="play", sequence="play"), branch="prompt_value"
)

_SPEECH = {"speech_timeout", "speech_end_timeout", "speech_language", "speech_hints"}
_DIGITS = {"max_digits", "terminators", "digit_timeout", "initial_timeout"}


@dataclass(frozen=True, slots=True)
class Input:
    """What was pressed."""

    digits: str = ""
    terminator: str = ""


def perform(context: Context, params: Prompt) -> Result:
    """Play, collect, and say what came: `match_digits` or `no_input`."""
    if params.model_fields_set & _SPEECH and not params.model_fields_set & _DIGITS:
        raise ScriptError(Code.EXECUTE_FAILED, "prompt: there is no speech recogniser")
    open_media(context.call)
    with context.digits.interrupting():
        problems = play_sounds(
            context.call,
            context.sounds,
            params.play,
            wish=speaking_wish(context, params),
            decibels=params.volume,
            enough=lambda: context.digits.waiting,
        )
    given = _collect(context, params)
    _tell(context, params, given)
    error = ScriptError(Code.EXECUTE_FAILED, f"prompt: {problems[0]}") if problems else None
    return Result(_variables(given), error=error)


def _collect(context: Context, params: Prompt) -> Input:
    digits, patience = "", params.initial_timeout
    while len(digits) < params.max_digits:
        digit = context.digits.take(patience)
        if digit is None:
            break
        if digit in (params.terminators or ""):
            return Input(digits, digit)
        digits += digit
        patience = params.digit_timeout
    return Input(digits)


def _variables(given: Input) -> dict[str, Any]:
    return {
        "prompt_result": "match_digits" if given.digits else "no_input",
        "prompt_value": given.digits,
        "prompt_value_raw": given.digits,
        # The name that shipped examples read, though no page has it.
        "prompt_digits": given.digits,
        "prompt_digit_terminator": given.terminator,
    }


def _tell(context: Context, params: Prompt, given: Input) -> None:
    found = {"digits": given.digits, "terminator": given.terminator}
    result = {"type": "digit", "params": found} if given.digits else {"type": "no_input"}
    context.tell(
        params.status_url, "calling.call.collect", control_id=str(uuid.uuid4()), result=result
    )
