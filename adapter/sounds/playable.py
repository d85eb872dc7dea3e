"""SWML's playable sounds, parsed: `say:`, `silence:`, `ring:`, `http(s):` (play_url). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapter.sounds.rings import RINGS

MAX_SECONDS = 4 * 3600.0
"""No single sound is longer than a call may be (answer.max_duration)."""


class NotPlayable(ValueError):
    """The text names no sound; the message says what would."""


@dataclass(frozen=True, slots=True)
class Say:
    """Text to speak."""

    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing, for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ring:
    """A country's ringing tone: one cycle of its cadence, or so many seconds of it."""

    country: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Web:
    """A file to fetch by GET. A user name and password in the address become Basic auth."""

    url: str


Playable = Say | Silence | Ring | Web

_RING = re.compile(r"(?:(\d+(?:\.\d+)?):)?([a-z-]{1,9})")
_CREDENTIALS_FIRST = re.compile(r"([^/@\s]+:[^/@\s]+)@(https?://)(.+)", re.I)


def parse(text: str) -> Playable:
    """What `text` names; raises `NotPlayable`."""
    kind, colon, rest = text.strip().partition(":")
    match kind.lower() if colon else "":
        case "say" if rest.strip():
            return Say(rest.strip())
        case "silence":
            return Silence(_seconds(rest))
        case "ring":
            return _ring(rest.strip().lower())
        case "http" | "https" if rest.startswith("//"):
            return Web(text.strip())
    if swapped := _CREDENTIALS_FIRST.fullmatch(text.strip()):
        return Web(swapped[2] + swapped[1] + "@" + swapped[3])
    raise NotPlayable(
        f"{text[:80]!r} is no sound: write say:TEXT, silence:SECONDS, ring:[SECONDS:]COUNTRY "
        "or an http(s) address"
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise NotPlayable(f"silence:{text[:40]} has no number of seconds") from None
    if not 0 <= seconds <= MAX_SECONDS:
        raise NotPlayable(f"silence:{text[:40]} is not between 0 and {MAX_SECONDS:.0f} seconds")
    return seconds


def _ring(text: str) -> Ring:
    match = _RING.fullmatch(text)
    if not match or match[2] not in RINGS:
        raise NotPlayable(f"ring:{text[:40]} names no country of {', '.join(RINGS)}")
    seconds = float(match[1]) if match[1] else None
    if seconds is not None and seconds > MAX_SECONDS:
        raise NotPlayable(f"ring:{text[:40]} is longer than {MAX_SECONDS:.0f} seconds")
    return Ring(match[2], seconds)
