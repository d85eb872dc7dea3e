"""How loud a recording is, channel by channel."""

from __future__ import annotations

import math
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

PARTS = 40
"""Into how many parts a file is divided to show its level over time."""

SILENT = -99.0
"""dBFS given for no sound at all."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Levels in dBFS: of the whole channel, and of its parts in time."""

    level: float
    parts: list[float]


def listen_to(path: Path) -> list[Channel]:
    """The channels of a 16-bit WAV file."""
    with wave.open(str(path), "rb") as file:
        count = file.getnchannels()
        samples = array("h", file.readframes(file.getnframes()))
    return [_channel(samples[number::count]) for number in range(count)]


def _channel(samples: array[int]) -> Channel:
    size = max(1, math.ceil(len(samples) / PARTS))
    parts = [_level(samples[start : start + size]) for start in range(0, len(samples), size)]
    return Channel(_level(samples), parts)


def _level(samples: array[int]) -> float:
    mean = sum(sample * sample for sample in samples) / max(1, len(samples))
    return 10 * math.log10(mean / 32768**2) if mean else SILENT
