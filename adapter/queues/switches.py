"""The other switches, by whose names the settings say how they are called."""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog

log = structlog.get_logger()

SPARED = 30.0
"""Seconds for which nobody is taken on a switch that does not answer: each attempt costs the one
who takes as long as a call may need to come."""


class Switches:
    """Which of them are there, as far as one process knows."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """`places`: each switch's `HOST:PORT`, or a whole endpoint with `{number}` in it."""
        self._places = places
        self._spared: dict[str, float] = {}

    def place(self, name: str) -> str:
        """How a switch is called; raises KeyError for one that nobody named."""
        return self._places[name]

    def reachable(self, own: str) -> list[str]:
        """Those that `own` can call, and that have not just failed to answer."""
        now = time.monotonic()
        return [name for name in self._places if name != own and self._spared.get(name, 0.0) <= now]

    def spare(self, name: str) -> None:
        """It did not answer: nobody is taken there for a while."""
        log.warning("another switch does not answer: its calls wait on", node=name)
        self._spared[name] = time.monotonic() + SPARED
