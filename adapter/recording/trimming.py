"""Silence at both ends of a closed recording is cut off (`trim-silence` of a conference).

Only what is silent up to the very end, or from the very beginning, goes; a tenth of a second of it
stays, and a file without any sound stays as it is. The file is replaced in one moment: whoever
reads it, and whoever dies, has the one or the other.
"""

from __future__ import annotations

import sys
import wave
from array import array
from pathlib import Path
from uuid import uuid4

SILENT_PEAK = 330
"""Of 32768 (-40 dB): what stays below is silence. A conference's comfort noise has half of it."""

KEPT_SECONDS = 0.1

FRAME_SECONDS = 0.02
PIECE_FRAMES = 65536

SAMPLE_BYTES = 2


def trim(path: Path) -> bool:
    """Cut the silence off a WAV of 16 bits; False where there is nothing to cut.

    Raises OSError, and leaves the file as it is, where there is no room for the shorter one.
    """
    try:
        with wave.open(str(path), "rb") as source:
            if source.getsampwidth() != SAMPLE_BYTES:
                return False
            if (sounding := _sounding(source)) is None:
                return False
            first, last = sounding
            kept = int(KEPT_SECONDS * source.getframerate())
            first, last = max(0, first - kept), min(source.getnframes(), last + kept)
            if (first, last) == (0, source.getnframes()):
                return False
            _replace(path, source, first, last)
    except (wave.Error, EOFError):
        return False
    return True


def _sounding(source: wave.Wave_read) -> tuple[int, int] | None:
    """From which frame to which there is sound; None where there is none."""
    step, count = max(1, int(FRAME_SECONDS * source.getframerate())), source.getnframes()
    starts = range(0, count, step)
    first = next((start for start in starts if _is_loud(source, start, step)), None)
    if first is None:
        return None
    last = next(start for start in reversed(starts) if _is_loud(source, start, step))
    return first, min(count, last + step)


def _is_loud(source: wave.Wave_read, start: int, frames: int) -> bool:
    source.setpos(start)
    samples = array("h", source.readframes(frames))
    if sys.byteorder == "big":
        samples.byteswap()
    return bool(samples) and max(max(samples), -min(samples)) > SILENT_PEAK


def _replace(path: Path, source: wave.Wave_read, first: int, last: int) -> None:
    shorter = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with wave.open(str(shorter), "wb") as target:
            target.setparams(source.getparams())
            source.setpos(first)
            for start in range(first, last, PIECE_FRAMES):
                target.writeframes(source.readframes(min(PIECE_FRAMES, last - start)))
        shorter.chmod(path.stat().st_mode & 0o777)
        shorter.replace(path)
    finally:
        shorter.unlink(missing_ok=True)
