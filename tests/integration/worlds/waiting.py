"""Waiting for what a test wants to see. Nothing else in these tests passes time."""

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
