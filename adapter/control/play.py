"""`calling.play` and what may follow it: pause, resume, stop, volume.

It plays beside the script. Where the script plays something itself, this one is heard at once and
the script's sound goes on afterwards: the switch plays one inside the other. Stopping it ends what
plays around it, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import Field

from adapter.control.command import MISSING, Command, Controlled
from adapter.control.errors import Invalid, NotPossible
from adapter.control.playing import Heard, Playing
from adapter.sounds.playable import NotPlayable, Playable, Say, Silence, Web, parse
from adapter.sounds.rings import RINGS
from adapter.sounds.voices import Wish
from adapter.swml.parameters import ONE_OR_MANY, Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl

Value = TypeVar("Value")

LONGEST = 4 * 3600.0
"""Seconds of one sound."""


class Media(Parameters):
    """What one item plays; which of them, says its type."""

    url: str | None = None
    text: str | None = None
    language: str | None = None
    gender: str | None = None
    voice: str | None = None
    duration: float | None = Field(None, ge=0, le=LONGEST)
    name: str | None = None


class Item(Media):
    """One item; its parameters are in `params`, or beside the type."""

    type: Literal["audio", "tts", "silence", "ringtone"]
    params: Media | None = None

    @property
    def media(self) -> Media:
        return self.params or self


class Play(Parameters):
    """Play items one after the other, `loop` times (0: until it is stopped)."""

    control_id: str | None = None
    play: Annotated[list[Item], ONE_OR_MANY] = Field(min_length=1, max_length=1000)
    volume: float = Field(0, ge=-40, le=40)
    direction: Literal["listen", "speak", "both"] = "listen"
    loop: int = Field(1, ge=0)
    language: str | None = None
    voice: str | None = None
    gender: str | None = None
    status_url: str | None = None


class Volume(Controlled):
    """Another volume, in decibels."""

    volume: float = Field(ge=-40, le=40)


def start(control: CallControl, params: Play) -> None:
    """Begin to play; what comes of it is told at `status_url`."""
    playing = made(control, params)
    control.plays.add(playing.control_id, playing)
    playing.start(loops=params.loop, decibels=params.volume)


def made(control: CallControl, params: Play, *, then: Callable[[], None] = lambda: None) -> Playing:
    """What is to be played, checked and not begun; `then` is called at its end."""
    if params.direction == "speak":
        raise NotPossible("Sounds are played to the party of the call: direction listen.")
    control_id = params.control_id or control.new_id()
    control.plays.check(control_id)
    sounds = [_heard(item, number, params) for number, item in enumerate(params.play)]
    return Playing(control.context, control_id, sounds, params.status_url, then=then)


def _heard(item: Item, number: int, params: Play) -> Heard:
    where = f"play[{number}].params" if item.params else f"play[{number}]"
    return Heard(_playable(item.type, item.media, where), _wish(item.media, params))


def _wish(media: Media, params: Play) -> Wish:
    return Wish(
        voice=media.voice or params.voice or "",
        language=media.language or params.language or "",
        gender=media.gender or params.gender or "",
    )


def _playable(kind: str, media: Media, where: str) -> Playable:
    match kind:
        case "tts":
            return Say(_given(media.text, f"{where}.text"))
        case "silence":
            return Silence(_given(media.duration, f"{where}.duration"))
        case "ringtone":
            return _ring(_given(media.name, f"{where}.name"), media.duration, f"{where}.name")
    return _web(_given(media.url, f"{where}.url"), f"{where}.url")


def _ring(name: str, seconds: float | None, where: str) -> Playable:
    if name.lower() not in RINGS:
        raise Invalid(f"{where}: give one of {', '.join(RINGS)}.", attribute=where)
    return parse(f"ring:{seconds}:{name}" if seconds is not None else f"ring:{name}")


def _web(url: str, where: str) -> Playable:
    try:
        playable = parse(url)
    except NotPlayable:
        playable = None
    if not isinstance(playable, Web):
        raise Invalid(f"{where}: give an http or https URL.", attribute=where)
    return playable


def _given(value: Value | None, where: str) -> Value:
    if value is None or value == "":
        raise Invalid(f"{where} is required.", code=MISSING, attribute=where)
    return value


def pause(control: CallControl, params: Controlled) -> None:
    """It stands still; one that is over stays so."""
    control.plays.find(params.control_id).pause()


def resume(control: CallControl, params: Controlled) -> None:
    """It goes on where it stood."""
    control.plays.find(params.control_id).resume()


def stop(control: CallControl, params: Controlled) -> None:
    """It ends now; the callback `finished` follows."""
    control.plays.find(params.control_id).stop()


def volume(control: CallControl, params: Volume) -> None:
    """It goes on louder, or less loud: the switch's nearest of nine levels."""
    control.plays.find(params.control_id).set_volume(params.volume)


COMMANDS = (
    Command("calling.play", Play, start),
    Command("calling.play.pause", Controlled, pause),
    Command("calling.play.resume", Controlled, resume),
    Command("calling.play.stop", Controlled, stop),
    Command("calling.play.volume", Volume, volume),
)
