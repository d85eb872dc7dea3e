"""Where somebody speaks, by the loudness of frames as the switch judges it. Pure.

A frame of 20 ms counts as voice from the mean amplitude on that the switch's own silence detection
begins with (switch_ivr_async.c, `record_callback`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

FRAME_SECONDS = 0.02
RATE = 8000
FRAME = round(RATE * FRAME_SECONDS)

THRESHOLD = 200
"""Mean absolute amplitude (of 32767) of a frame that is not silent."""

LEAST_VOICE = 0.1
"""Seconds of voice that are more than a click of the line."""

CLICK_MEMORY = 0.3
"""Seconds of silence after which clicks before them no longer count."""


class Frames:
    """Cuts what comes in pieces into frames of 20 ms."""

    def __init__(self) -> None:
        self._rest = array("h")

    def cut(self, samples: array[int]) -> Iterator[array[int]]:
        """The whole frames that there are now."""
        rest = self._rest + samples
        whole = len(rest) - len(rest) % FRAME
        self._rest = rest[whole:]
        for start in range(0, whole, FRAME):
            yield rest[start : start + FRAME]


def level(frame: array[int]) -> int:
    """The mean amplitude of a frame."""
    return sum(map(abs, frame)) // len(frame)


class Activity:
    """Follows the voice of one party, frame by frame."""

    def __init__(self) -> None:
        self.spoke = False
        """Somebody has spoken, longer than a click."""
        self.silence = 0.0
        """Seconds since the last frame with voice."""
        self._voice = 0.0

    def hear(self, frame: array[int]) -> None:
        """The next frame."""
        if level(frame) >= THRESHOLD:
            self.silence = 0.0
            self._voice += FRAME_SECONDS
            self.spoke = self.spoke or self._voice >= LEAST_VOICE - 1e-9
            return
        self.silence += FRAME_SECONDS
        if self.silence > CLICK_MEMORY:
            self._voice = 0.0
