"""`play`: play sounds one after the other and wait for their end (SWML reference, play)."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from adapter.callbacks.payloads import play_event
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.methods.context import Context
from adapter.sounds.library import Playback
from adapter.sounds.playable import NotPlayable, parse
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import ONE_OR_MANY, Parameters

LEVELS = {-4: -14.0, -3: -8.0, -2: -4.4, -1: -1.9, 0: 0.0, 1: 2.3, 2: 7.2, 3: 10.4, 4: 12.7}
"""The switch's volume levels in decibels (switch_resample.c, `switch_change_sln_volume`)."""


class Play(Parameters):
    """Play speech, tones, silence or files."""

    one_of = ("url", "urls")
    url: Annotated[list[str] | None, ONE_OR_MANY] = Field(None, description="what to play")
    urls: Annotated[list[str] | None, ONE_OR_MANY] = Field(
        None, description="what to play, in this order"
    )
    auto_answer: bool = Field(True, description="answer the call first; false: as early media")
    volume: float = Field(
        0, ge=-40, le=40, description="decibels; the switch's nearest of nine levels, -14 to 12.7"
    )
    say_voice: str | None = Field(None, description="voice of `say:`")
    say_language: str | None = Field(None, description="language of `say:`")
    say_gender: str | None = Field(None, description="gender of the voice of `say:`")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")

    @property
    def sounds(self) -> list[str]:
        """All of them, in order."""
        return self.url or self.urls or []


SPEC = MethodSpec("play", Play, Shorthand(scalar="url", sequence="urls"))


def perform(context: Context, params: Play) -> Result:
    """Play each sound. One that cannot be played is left out; the step has failed if none could."""
    _open_media(context, params.auto_answer)
    tell = _Status(context, params.status_url)
    tell("playing")
    with _volume(context, params.volume):
        problems = [problem for text in params.sounds if (problem := _play(context, text))]
    if len(problems) == len(params.sounds):
        tell("error")
        raise ScriptError(Code.EXECUTE_FAILED, f"play: {problems[0]}")
    tell("finished")
    error = ScriptError(Code.EXECUTE_FAILED, f"play: {problems[0]}") if problems else None
    return Result({"play_result": "success"}, error=error)


def _open_media(context: Context, answer: bool) -> None:
    if answer:
        context.call.answer()
    elif not context.call.answered:
        context.call.execute("pre_answer")


def _play(context: Context, text: str) -> str | None:
    """Play one sound to its end; returns what went wrong."""
    try:
        for playback in context.sounds.playbacks(parse(text)):
            if problem := _run(context, playback):
                return f"{text[:80]}: {problem}"
    except CallGone:
        raise
    except (NotPlayable, SwitchError) as error:
        return str(error)
    return None


def _run(context: Context, playback: Playback) -> str | None:
    completed = context.call.execute(playback.application, playback.argument)
    response = completed.get("Application-Response")
    return response if response.endswith(("NOT FOUND", "ERROR")) else None


@contextlib.contextmanager
def _volume(context: Context, decibels: float) -> Iterator[None]:
    """The switch's nearest level, on what the party hears, while something plays."""
    level = min(LEVELS, key=lambda level: abs(LEVELS[level] - decibels))
    call = context.call
    if level:
        call.api(commands.api("uuid_audio", call.uuid, "start", "write", "level", str(level)))
    try:
        yield
    finally:
        if level:
            with contextlib.suppress(SwitchError):
                call.api(commands.api("uuid_audio", call.uuid, "stop"))


class _Status:
    """Status callbacks of one play."""

    def __init__(self, context: Context, url: str | None) -> None:
        self._context = context
        self._url = url
        self._control_id = str(uuid.uuid4())

    def __call__(self, state: str) -> None:
        identity = self._context.identity
        payload = play_event(
            call_id=identity.call_id,
            node_id=identity.node_id,
            control_id=self._control_id,
            state=state,
            event_channel=identity.event_channel,
            project_id=identity.project_id,
            space_id=identity.space_id,
            timestamp=self._context.now(),
        )
        self._context.notify(self._url, payload)
