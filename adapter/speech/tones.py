"""Pure tones in what a party says: a fax's, a mailbox's beep. Pure.

A sine of one frequency continues itself: x[n+1] + x[n-1] = 2 cos(w) x[n]. The best such w is the
frame's frequency, and what is left over says whether it is a tone at all.
"""

from __future__ import annotations

import math
from array import array

from adapter.speech.activity import RATE, THRESHOLD, level

LEFT_OVER = 0.05
"""Share of a frame's energy that a tone may leave unexplained; G.711 leaves some thousandths."""

FAX_TONES = {"CED": (2100, 40), "CNG": (1100, 40)}
"""Frequency of the tones of T.30 and by how much they may be off, in Hz."""


def frequency(frame: array[int]) -> float | None:
    """The frequency of a frame that is one loud tone, in Hz."""
    if level(frame) < THRESHOLD:
        return None
    middle = frame[1:-1]
    around = [before + after for before, after in zip(frame, frame[2:], strict=False)]
    energy = sum(value * value for value in middle)
    double_cosine = sum(a * b for a, b in zip(around, middle, strict=True)) / energy
    if abs(double_cosine) > 2:
        return None
    rest = sum((a - double_cosine * b) ** 2 for a, b in zip(around, middle, strict=True))
    # A sine between two frequencies shows four times as much of its noise.
    if rest > 4 * LEFT_OVER * energy:
        return None
    return math.acos(double_cosine / 2) * RATE / (2 * math.pi)
