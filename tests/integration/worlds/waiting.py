"""Waiting for what a test wants to see. Nothing else in these tests passes time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")

PATIENCE = 8.0
"""Seconds for what happens at once on an idle machine."""

LOOK_AGAIN = 0.02


def eventually(
    look: Callable[[], Seen | None],
    *,
    within: float = PATIENCE,
    what: str = "",
    every: float = LOOK_AGAIN,
) -> Seen:
    """The first true thing that `look` returns; AssertionError with the last one else."""
    until = time.monotonic() + within
    while not (seen := look()):
        if time.monotonic() >= until:
            raise AssertionError(f"{what or 'it'} did not come within {within} s, but {seen!r}")
        time.sleep(every)
    return seen


def remain(look: Callable[[], object], *, during: float, what: str = "") -> None:
    """Assert that `look` stays true for a time."""
    until = time.monotonic() + during
    while time.monotonic() < until:
        assert look(), f"{what or 'it'} did not last {during} s"
        time.sleep(LOOK_AGAIN)


class Sleeper:
    """Notices when this machine is too busy to keep time: it sleeps, and looks how long it was."""

    NAP = 0.01

    def __init__(self) -> None:
        self._overslept: list[tuple[float, float]] = []
        threading.Thread(target=self._sleep, name="sleeper", daemon=True).start()

    def overslept_since(self, start: float) -> float:
        """The longest delay of a wake-up, in seconds, since a moment of the monotonic clock."""
        return max((late for at, late in list(self._overslept) if at >= start), default=0.0)

    def _sleep(self) -> None:
        while True:
            began = time.monotonic()
            time.sleep(self.NAP)
            late = time.monotonic() - began - self.NAP
            if late > self.NAP:
                self._overslept.append((began, late))
