"""`prompt`: play sounds and collect digits (SWML reference, prompt).

A digit cuts the sounds off and counts. The first one is waited for `initial_timeout` seconds after
the sounds, each next one `digit_timeout`; `max_digits` or a terminator ends the input. Digits that
were pressed before the prompt count as well.

Any `speech_…` parameter but the engine asks for speech instead, and with a parameter of digits
beside it for either, whichever comes first. What the party says is recorded from the first sound
on, so that early words count, and cut the sounds off; it ends with `speech_end_timeout` seconds of
silence.

document            switch
prompt         →    uuid_record start        what the party says, heard while it is said
  play         →    playback …               cut off by uuid_break
               →    uuid_record stop         and the words are recognised in another process
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated, Any

import gevent
from gevent.event import Event as Flag
from pydantic import Field

from adapter.methods.context import Context
from adapter.methods.play import LIMITS as SPEAKING
from adapter.methods.play import Speaking, speaking_wish
from adapter.sounds.player import open_media, play_sounds
from adapter.speech.listener import Listener
from adapter.speech.recognition import NoRecogniser
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


LIMITS = {
    **SPEAKING,
    "speech_timeout": "60 seconds if it is not given",
    "speech_end_timeout": "1 second if it is not given",
    "speech_engine": "ignored: the settings name the recogniser",
    "speech_language": "the languages of the recogniser's models",
    "speech_hints": "PocketSphinx and Vosk then hear these words and no others",
}

SPEC = MethodSpec(
    "prompt", Prompt, Shorthand(scalar="play", sequence="play"), branch="prompt_value"
)

_SPEECH = {"speech_timeout", "speech_end_timeout", "speech_language", "speech_hints"}
_DIGITS = {"max_digits", "terminators", "digit_timeout", "initial_timeout"}

SOUNDS_BACKSTOP = 600.0
"""Seconds of sounds and waiting after which the switch no longer listens, should we be dead."""

LONGEST_SPEECH = 60.0
"""Seconds that one may speak where the document sets no limit."""

SILENCE_AFTER_SPEECH = 1.0
"""Seconds of silence that end the speech where the document does not say."""


@dataclass(frozen=True, slots=True)
class Input:
    """What came: digits, or words, or nothing that was understood."""

    result: str = "no_input"
    value: str = ""
    terminator: str = ""
    confidence: float | None = None
    error: str = ""


def perform(context: Context, params: Prompt) -> Result:
    """Play, listen, and say what came."""
    wants_speech = bool(params.model_fields_set & _SPEECH)
    wants_digits = not wants_speech or bool(params.model_fields_set & _DIGITS)
    open_media(context.call)
    prompting = _Prompting(context, params, digits=wants_digits)
    given = prompting.with_speech() if wants_speech else prompting.without_speech()
    _tell(context, params, given)
    problems = prompting.problems
    reason = given.error or (problems[0] if problems else "")
    error = ScriptError(Code.EXECUTE_FAILED, f"prompt: {reason}") if reason else None
    return Result(_variables(given), error=error)


class _Prompting:
    """One prompt at work."""

    def __init__(self, context: Context, params: Prompt, *, digits: bool) -> None:
        self.problems: list[str] = []
        self._context = context
        self._params = params
        self._takes_digits = digits

    def without_speech(self) -> Input:
        with self._context.digits.interrupting() as pressed:
            self._play(lambda: self._context.digits.waiting, pressed)
        return self._collect(self._context.digits.take(self._params.initial_timeout))

    def with_speech(self) -> Input:
        call, params = self._context.call, self._params
        seconds = params.speech_timeout or LONGEST_SPEECH
        silence = params.speech_end_timeout or SILENCE_AFTER_SPEECH
        listener = self._context.shared.media.listener(
            call, silence=silence, seconds=SOUNDS_BACKSTOP + seconds
        )
        try:
            listener.start()
            return self._listen(listener, seconds)
        finally:
            listener.close()

    def _listen(self, listener: Listener, seconds: float) -> Input:
        digits = self._context.digits
        interrupting = digits.interrupting() if self._takes_digits else nullcontext(Flag())
        with interrupting as interrupted:
            listener.spoke.rawlink(lambda _: interrupted.set())
            self._play(lambda: self._pressed or listener.spoke.is_set(), interrupted)
        if not self._pressed and not listener.spoke.is_set():
            self._wait(self._params.initial_timeout, listener.spoke)
        if not self._pressed and listener.spoke.is_set():
            self._wait(seconds, listener.finished)
        if self._pressed:
            return self._collect(digits.take(0))
        listener.stop()
        return self._recognised(listener) if listener.spoke.is_set() else Input()

    @property
    def _pressed(self) -> bool:
        return self._takes_digits and self._context.digits.waiting

    def _wait(self, seconds: float, flag: Flag) -> None:
        """Until the flag is set, a digit is pressed, or the time is over; raises `CallGone`."""
        call, digits = self._context.call, self._context.digits
        call.raise_if_gone()
        flags = [flag, call.over]
        if self._takes_digits:
            digits.news.clear()
            flags.append(digits.news)
        gevent.wait(flags, timeout=seconds, count=1)
        call.raise_if_gone()

    def _recognised(self, listener: Listener) -> Input:
        params = self._params
        try:
            heard = self._context.shared.media.recogniser.recognise(
                listener.path,
                language=params.speech_language or "",
                hints=params.speech_hints,
            )
        except NoRecogniser as error:
            return Input("failed", error=str(error))
        if not heard["text"]:
            return Input("no_match")
        return Input("match_speech", heard["text"], confidence=heard["confidence"])

    def _play(self, enough: Callable[[], bool], interrupted: Flag) -> None:
        context, params = self._context, self._params
        self.problems = play_sounds(
            context.call,
            context.shared.media.sounds,
            params.play,
            wish=speaking_wish(context, params),
            decibels=params.volume,
            enough=enough,
            until=interrupted,
        )

    def _collect(self, digit: str | None) -> Input:
        params, digits = self._params, ""
        while digit is not None:
            if digit in (params.terminators or ""):
                return Input("match_digits" if digits else "no_input", digits, digit)
            digits += digit
            if len(digits) >= params.max_digits:
                break
            digit = self._context.digits.take(params.digit_timeout)
        return Input("match_digits" if digits else "no_input", digits)


def _variables(given: Input) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "prompt_result": given.result,
        "prompt_value": given.value,
        "prompt_value_raw": given.value,
        "prompt_digit_terminator": given.terminator,
    }
    if given.confidence is not None:
        return variables | {"prompt_speech_confidence": given.confidence}
    # The name that shipped examples read, though no page has it.
    return variables | {"prompt_digits": given.value}


def _tell(context: Context, params: Prompt, given: Input) -> None:
    result: dict[str, Any] = {"type": given.result}
    if given.result == "failed":
        result = {"type": "error"}
    if given.result == "match_digits":
        found = {"digits": given.value, "terminator": given.terminator}
        result = {"type": "digit", "params": found}
    if given.result == "match_speech":
        words = {"text": given.value, "confidence": given.confidence}
        result = {"type": "speech", "params": words}
    control_id = str(uuid.uuid4())
    context.tell(params.status_url, "calling.call.collect", control_id=control_id, result=result)
