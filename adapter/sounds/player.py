"""Plays sounds on a call, one after the other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from gevent.event import Event as Flag

from adapter.freeswitch import commands
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.sounds.library import ANY, Playback, SoundLibrary
from adapter.sounds.playable import NotPlayable, Playable, parse
from adapter.sounds.refusals import why_unplayed
from adapter.sounds.voices import Wish

LEVELS = {-4: -14.0, -3: -8.0, -2: -4.4, -1: -1.9, 0: 0.0, 1: 2.3, 2: 7.2, 3: 10.4, 4: 12.7}
"""The switch's volume levels in decibels (switch_resample.c, `switch_change_sln_volume`)."""


def open_media(call: Call, *, answer: bool = True) -> None:
    """Answer the call, or at least open its early media."""
    if answer:
        call.answer()
    elif not call.answered:
        call.execute("pre_answer")


def play_sounds(
    call: Call,
    library: SoundLibrary,
    sounds: Iterable[str],
    *,
    wish: Wish = ANY,
    decibels: float = 0.0,
    enough: Callable[[], bool] = lambda: False,
    until: Flag | None = None,
) -> list[str]:
    """Play each sound to its end, until `enough`; returns what was wrong with those that failed.

    What plays is cut off once `until` is set.
    """

    def over() -> bool:
        return enough() or (until is not None and until.is_set())

    problems = []
    for text in sounds:
        if over():
            break
        make = partial(library.playbacks, wish=wish, decibels=decibels)
        if problem := _play(call, make, text, over, until):
            problems.append(problem)
    return problems


def _play(
    call: Call,
    make: Callable[[Playable], list[Playback]],
    text: str,
    over: Callable[[], bool],
    until: Flag | None,
) -> str | None:
    try:
        for playback in make(parse(text)):
            if over():
                return None
            if problem := run(call, playback, until=until):
                return f"{text[:80]}: {problem}"
    except CallGone:
        raise
    except (NotPlayable, SwitchError) as error:
        return str(error)
    return None


def run(
    call: Call, playback: Playback, *, until: Flag | None = None, event_uuid: str | None = None
) -> str | None:
    """Play one sound, cut off once `until` is set; returns what was wrong with it."""
    if playback.variables:
        call.set_variables(playback.variables)
    with _volume(call, playback.decibels):
        completed = call.execute(
            playback.application, playback.argument, until=until, event_uuid=event_uuid
        )
    response = completed.get("Application-Response")
    failed = response.endswith(("NOT FOUND", "ERROR"))
    return why_unplayed(call, playback, response) if failed else None


def set_level(call: Call, decibels: float) -> bool:
    """The switch's nearest level, on what the party hears from now on; False: as it comes."""
    level = _level(decibels)
    words = ("start", "write", "level", str(level)) if level else ("stop",)
    call.api(commands.api("uuid_audio", call.uuid, *words))
    return bool(level)


def _level(decibels: float) -> int:
    return min(LEVELS, key=lambda level: abs(LEVELS[level] - decibels))


@contextlib.contextmanager
def _volume(call: Call, decibels: float) -> Iterator[None]:
    """A level while something plays."""
    changed = bool(_level(decibels)) and set_level(call, decibels)
    try:
        yield
    finally:
        if changed:
            with contextlib.suppress(SwitchError):
                set_level(call, 0)
