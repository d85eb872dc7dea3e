"""A WAV file made louder or softer by any number of decibels, in plain Python.

The switch itself knows nine levels only. Run in a helper process: an hour of 8 kHz sound takes it
about two seconds.
"""

from __future__ import annotations

import sys
import wave
from array import array
from pathlib import Path

SCALE = "adapter.sounds.scaling:scale_wav"
"""The function below, as helpers call it."""

_CHUNK_FRAMES = 64 * 1024
_HIGHEST = 32767


def scale_wav(source: str, target: str, decibels: float) -> bool:
    """Write `source` to `target`, louder by `decibels`; False where it is no 16 bit PCM.

    What would be louder than a file can hold is cut off. `target` appears whole or not at all.
    """
    partial = Path(f"{target}.{id(source)}.part")
    try:
        with wave.open(source, "rb") as read:
            if read.getsampwidth() != 2:
                return False
            with wave.open(str(partial), "wb") as written:
                written.setparams(read.getparams())
                _scale(read, written, _table(decibels))
        partial.replace(target)
    except (wave.Error, EOFError):
        return False
    finally:
        partial.unlink(missing_ok=True)
    return True


def _scale(read: wave.Wave_read, written: wave.Wave_write, table: list[int]) -> None:
    while data := read.readframes(_CHUNK_FRAMES):
        samples = array("h", data[: len(data) & ~1])
        if sys.byteorder == "big":
            samples.byteswap()
        louder = array("h", map(table.__getitem__, samples))
        if sys.byteorder == "big":
            louder.byteswap()
        written.writeframesraw(louder.tobytes())


def _table(decibels: float) -> list[int]:
    """What each sample becomes; a negative one finds its place counted from the end."""
    factor = 10 ** (decibels / 20)
    every = (*range(_HIGHEST + 1), *range(-_HIGHEST - 1, 0))
    return [max(-_HIGHEST - 1, min(_HIGHEST, round(value * factor))) for value in every]
