"""What a simulated call sounds like: 16-bit samples at 8 kHz, made when somebody asks. Pure.

Rules
- A source is asked for any stretch of itself and always gives the same samples, so that a
  recording can be written late, in pieces, or twice.
- A tone is made once, for a period it repeats in exactly, and copied from then on.
"""

from __future__ import annotations

import math
import random
import wave
from array import array
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Protocol

RATE = 8000
FRAME = 160  # samples of one 20 ms packet
FRAME_MS = 20
SAMPLE_MAX = 32767
NOISE_SECONDS = 4  # speech-like noise repeats after this
SPEECH_SEED = 7
SYLLABLE_HZ = 4.0


class Source(Protocol):
    """Audio of a given or endless (None) number of samples."""

    @property
    def length(self) -> int | None: ...

    def samples(self, start: int, count: int) -> array[int]: ...


def silence(count: int, value: int = 0) -> array[int]:
    return array("h", [value]) * count


def samples_of(milliseconds: float) -> int:
    return int(milliseconds * RATE / 1000)


def loop(period: array[int], start: int, count: int) -> array[int]:
    """`count` samples of an endlessly repeated period, from `start` on."""
    at = start % len(period)
    repeats = (at + count) // len(period) + 1
    return (period * repeats)[at : at + count]


@lru_cache(maxsize=256)
def tone_period(frequencies: tuple[float, ...], peak: float) -> array[int]:
    """One second holds a whole number of periods of every whole frequency."""
    total = [0.0] * RATE
    for hz in frequencies:
        step = 2 * math.pi * hz / RATE
        total = [value + math.sin(step * at) for at, value in enumerate(total)]
    limit = SAMPLE_MAX
    return array("h", [max(-limit, min(limit, round(peak * value))) for value in total])


@lru_cache(maxsize=8)
def speech_period(peak: float) -> array[int]:
    """Noise with the envelope of syllables: loud and soft four times a second."""
    dice = random.Random(SPEECH_SEED)
    count = NOISE_SECONDS * RATE
    drift = accumulate((dice.uniform(-1, 1) for _ in range(count)), lambda a, b: 0.6 * a + b)
    noise = [max(-1.0, min(1.0, value)) for value in drift]
    return array("h", [int(peak * _syllable(at) * value) for at, value in enumerate(noise)])


def _syllable(at: int) -> float:
    return 0.15 + 0.85 * math.sin(math.pi * SYLLABLE_HZ * at / RATE) ** 2


@dataclass(frozen=True, slots=True)
class Silence:
    length: int | None = None

    def samples(self, start: int, count: int) -> array[int]:  # noqa: ARG002 - a Source
        return silence(count)


@dataclass(frozen=True, slots=True)
class Tone:
    """Sines of whole frequencies in Hz, each with this peak."""

    frequencies: tuple[float, ...]
    peak: float
    length: int | None = None

    def samples(self, start: int, count: int) -> array[int]:
        return loop(tone_period(self.frequencies, self.peak), start, count)


@dataclass(frozen=True, slots=True)
class Speech:
    """Noise that a silence detector takes for speech."""

    length: int | None = None
    peak: float = 6000.0

    def samples(self, start: int, count: int) -> array[int]:
        return loop(speech_period(self.peak), start, count)


@dataclass(frozen=True, slots=True)
class Clip:
    """Samples that exist already."""

    data: array[int]

    @property
    def length(self) -> int:
        return len(self.data)

    def samples(self, start: int, count: int) -> array[int]:
        piece = self.data[start : start + count]
        return piece + silence(count - len(piece))


@dataclass(frozen=True, slots=True)
class Sequence:
    """Sources one after the other, `loops` times (-1: without end)."""

    parts: tuple[Source, ...]
    loops: int = 1

    @property
    def once(self) -> int:
        return sum(part.length or 0 for part in self.parts)

    @property
    def length(self) -> int | None:
        return None if self.loops < 0 else self.once * self.loops

    def samples(self, start: int, count: int) -> array[int]:
        out = array("h")
        left = count if self.length is None else max(0, min(count, self.length - start))
        while len(out) < left and self.once:
            out += self._piece((start + len(out)) % self.once, left - len(out))
        return out + silence(count - len(out))

    def _piece(self, at: int, count: int) -> array[int]:
        for part in self.parts:
            length = part.length or 0
            if at < length:
                return part.samples(at, min(count, length - at))
            at -= length
        return silence(count)


def read_wav(path: Path) -> Clip | None:
    """A PCM wave file as 8 kHz mono, or None if there is no such file or format."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error):
        return None
    if width != 2:
        return None
    mono = array("h", data[: len(data) - len(data) % (2 * channels)])[::channels]
    return Clip(mono if rate == RATE else _resample(mono, rate))


def _resample(data: array[int], rate: int) -> array[int]:
    count = len(data) * RATE // rate
    return array("h", [data[at * rate // RATE] for at in range(count)])


def mean_level(samples: array[int]) -> float:
    """The mean of the absolute samples: what the switch calls energy."""
    return sum(map(abs, samples)) / len(samples) if samples else 0.0
