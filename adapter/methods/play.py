"""`play`: play sounds one after the other and wait for their end (SWML reference, play)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from adapter.freeswitch.errors import CallGone
from adapter.identity import new_id
from adapter.methods.context import Context
from adapter.sounds.player import open_media, play_sounds
from adapter.sounds.voices import Wish
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import ONE_OR_MANY, Parameters


class Speaking(Parameters):
    """What can be said of any `say:` sound; each is also a variable that documents set."""

    say_voice: str | None = Field(None, description="voice of `say:`")
    say_language: str | None = Field(None, description="language of `say:`")
    say_gender: str | None = Field(None, description="gender of the voice of `say:`")


class Play(Speaking):
    """Play speech, tones, silence or files."""

    one_of = ("url", "urls")
    url: Annotated[list[str] | None, ONE_OR_MANY] = Field(None, description="what to play")
    urls: Annotated[list[str] | None, ONE_OR_MANY] = Field(
        None, description="what to play, in this order"
    )
    auto_answer: bool = Field(True, description="answer the call first; false: as early media")
    volume: float = Field(
        0,
        ge=-40,
        le=40,
        description="decibels; exact for WAV, tones and rendered speech,"
        " else the nearest of the switch's nine levels from -14 to 12.7",
    )
    status_url: str | None = Field(None, description="where status callbacks are POSTed")

    @property
    def sounds(self) -> list[str]:
        """All of them, in order."""
        return self.url or self.urls or []


LIMITS = {
    "volume": "partial: exact for WAV, tones and rendered speech; else the nearest of nine levels",
    "say_voice": "as the settings map it to voices of the switch or to the renderer",
    "say_language": "as the settings map it; flite speaks American English only",
}

SPEC = MethodSpec("play", Play, Shorthand(scalar="url", sequence="urls"))


def perform(context: Context, params: Play) -> Result:
    """Play each sound. One that cannot be played is left out; the step has failed if none could."""
    open_media(context.call, answer=params.auto_answer)
    tell = _Status(context, params.status_url)
    tell("playing")
    sounds = params.sounds
    try:
        problems = play_sounds(
            context.call,
            context.shared.media.sounds,
            sounds,
            wish=speaking_wish(context, params),
            decibels=params.volume,
            until=context.until,
        )
    except CallGone:
        # A call that only lost us comes back, and plays again.
        if not context.call.lost:
            tell("finished")
        raise
    if len(problems) == len(sounds):
        tell("error")
        reason = problems[0] if problems else "there is nothing to play"
        raise ScriptError(Code.EXECUTE_FAILED, f"play: {reason}")
    tell("finished")
    error = ScriptError(Code.EXECUTE_FAILED, f"play: {problems[0]}") if problems else None
    return Result({"play_result": "success"}, error=error)


def speaking_wish(context: Context, params: Speaking) -> Wish:
    """Who is to speak: a parameter goes before the variable of the same name."""

    def wanted(name: str) -> str:
        return str(getattr(params, name) or context.variables.get(name) or "")

    return Wish(wanted("say_voice"), wanted("say_language"), wanted("say_gender").lower())


class _Status:
    """Status callbacks of one play."""

    def __init__(self, context: Context, url: str | None) -> None:
        self._context = context
        self._url = url
        self._control_id = new_id()

    def __call__(self, state: str) -> None:
        self._context.tell(self._url, "calling.call.play", control_id=self._control_id, state=state)
