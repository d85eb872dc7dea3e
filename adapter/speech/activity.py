"""Where somebody speaks in a recording, by the loudness of its frames as the switch judges it.

A frame of 20 ms counts as voice from the mean amplitude on that the switch's own silence detection
begins with (switch_ivr_async.c, `record_callback`).
"""

from __future__ import annotations

import sys
import wave
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

FRAME_SECONDS = 0.02
THRESHOLD = 200
"""Mean absolute amplitude (of 32767) of a frame that is not silent."""

LEAST_VOICE = 0.1
"""Seconds of voice that are more than a click of the line."""

LOOKED_AT = 5.0
"""Seconds at the end of a recording in which somebody must have begun to speak."""

PAUSE_IN_WORD = 0.1
"""Seconds of silence that still belong to one word."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Voice, or silence, from `start` on for so long, in seconds."""

    voice: bool
    start: float
    seconds: float


def has_voice(path: Path) -> bool:
    """Whether somebody speaks near the end of a recording."""
    levels = frame_levels(path, LOOKED_AT)
    return sum(level >= THRESHOLD for level in levels) * FRAME_SECONDS >= LEAST_VOICE


def frame_levels(path: Path, last: float | None = None) -> list[int]:
    """The mean amplitude of each frame of a mono WAV, or of its `last` seconds; [] of no file."""
    try:
        with wave.open(str(path), "rb") as file:
            rate, count = file.getframerate(), file.getnframes()
            if last is not None and count > last * rate:
                file.setpos(count - round(last * rate))
            samples = array("h", file.readframes(count))
    except (OSError, wave.Error, EOFError):
        return []
    if sys.byteorder == "big":
        samples.byteswap()
    size = round(rate * FRAME_SECONDS)
    return [
        sum(map(abs, samples[start : start + size])) // size
        for start in range(0, len(samples) - size + 1, size)
    ]


def stretches(levels: Sequence[int]) -> list[Stretch]:
    """Voice and silence by turns; pauses inside words and clicks between them are none."""
    runs = [(voice, len(list(run))) for voice, run in groupby(levels, lambda one: one >= THRESHOLD)]
    short = PAUSE_IN_WORD / FRAME_SECONDS
    inner = [
        (voice or (length < short and 0 < place < len(runs) - 1), length)
        for place, (voice, length) in enumerate(runs)
    ]
    clicks = LEAST_VOICE / FRAME_SECONDS / 2
    real = [(voice and length >= clicks, length) for voice, length in _joined(inner)]
    return list(_placed(_joined(real)))


def _joined(runs: Sequence[tuple[bool, int]]) -> list[tuple[bool, int]]:
    return [
        (voice, sum(length for _, length in group))
        for voice, group in groupby(runs, lambda run: run[0])
    ]


def _placed(runs: Sequence[tuple[bool, int]]) -> Iterator[Stretch]:
    at = 0
    for voice, length in runs:
        yield Stretch(voice, at * FRAME_SECONDS, length * FRAME_SECONDS)
        at += length
