"""`calling.play_and_collect`: sounds, and the keys that are pressed while and after they play.

One `control_id` for both. The first key cuts the sounds off; without one, its time begins when they
have ended. What plays and what is collected are those of `calling.play` and `calling.collect`, and
tell what theirs tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from adapter.control import collect, play
from adapter.control.collect import Collect
from adapter.control.command import Command, Controlled
from adapter.control.play import Item
from adapter.swml.parameters import ONE_OR_MANY, Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl


class PlayAndCollect(Parameters):
    """What to play, and what to collect."""

    control_id: str | None = None
    play: Annotated[list[Item], ONE_OR_MANY] = Field(min_length=1, max_length=1000)
    collect: Collect
    volume: float = Field(0, ge=-40, le=40)
    status_url: str | None = None


def start(control: CallControl, params: PlayAndCollect) -> None:
    """Begin both; they end by themselves, each for itself."""
    both = {
        "control_id": params.control_id or control.new_id(),
        "status_url": params.status_url,
    }
    wanted = params.collect.model_copy(update={**both, "start_input_timers": False})
    sounds = play.Play(play=params.play, volume=params.volume, **both)
    collecting = collect.made(control, wanted)
    playing = play.made(control, sounds, then=collecting.start_timers)
    collecting.on_input = playing.stop
    control.collects.add(collecting.control_id, collecting)
    control.plays.add(playing.control_id, playing)
    collecting.start()
    playing.start(loops=1, decibels=params.volume)


def stop(control: CallControl, params: Controlled) -> None:
    """End both."""
    control.collects.find(params.control_id).stop()
    control.plays.find(params.control_id).stop()


PREFIX = "calling.play_and_collect"

COMMANDS = (
    Command(PREFIX, PlayAndCollect, start, relay_only=True),
    Command(f"{PREFIX}.stop", Controlled, stop, relay_only=True),
    Command(f"{PREFIX}.pause", Controlled, play.pause, relay_only=True),
    Command(f"{PREFIX}.resume", Controlled, play.resume, relay_only=True),
    Command(f"{PREFIX}.volume", play.Volume, play.volume, relay_only=True),
)
