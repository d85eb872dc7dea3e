"""Tones, silence and WAV files made one file, in plain Python, for what must be one file.

Run in a helper process: a minute of it takes about half a second.
"""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path
from typing import Any

JOIN = "adapter.sounds.joining:join"
"""The function below, as helpers call it."""

RATE = 8000
PEAK = 6000
"""Of each frequency of a tone: about what the switch makes of one by itself."""


def join(parts: list[dict[str, Any]], target: str) -> list[str]:
    """Write the parts to `target`, 8 kHz and one channel; returns the files that are no WAV.

    A part is `{"file": path}`, or `{"tone": [hertz, …], "on": ms, "off": ms}` (without hertz it
    is silence). `target` appears whole or not at all.
    """
    problems: list[str] = []
    partial = Path(f"{target}.{id(parts)}.part")
    try:
        with wave.open(str(partial), "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(RATE)
            for part in parts:
                try:
                    written.writeframesraw(_samples(part).tobytes())
                except (wave.Error, EOFError, OSError) as error:
                    problems.append(f"{part['file']}: {error}")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return problems


def _samples(part: dict[str, Any]) -> array[int]:
    if "file" in part:
        return _file(part["file"])
    count, rest = (round(part[name] * RATE / 1000) for name in ("on", "off"))
    total = [0.0] * count
    for hertz in part["tone"]:
        step = 2 * math.pi * hertz / RATE
        total = [value + PEAK * math.sin(step * at) for at, value in enumerate(total)]
    tone = [max(-32767, min(32767, round(value))) for value in total]
    return array("h", [*tone, *([0] * rest)])


def _file(path: str) -> array[int]:
    with wave.open(path, "rb") as file:
        if file.getsampwidth() != 2:
            raise wave.Error("not 16 bit PCM")
        channels, rate = file.getnchannels(), file.getframerate()
        samples = array("h", file.readframes(file.getnframes()))[::channels]
    count = len(samples) * RATE // rate
    return array("h", [samples[at * rate // RATE] for at in range(count)])
