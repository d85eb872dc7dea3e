"""When a recording was paused, and how much of the call was left out of it. Pure.

skip      the time of the pause is not in the file (`uuid_record … pause`)
silence   it is there, as silence (`uuid_record … mask`): both channels keep the call's time
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from adapter.store.rows import PAUSES


class Behavior(StrEnum):
    """What becomes of the time of a pause (`pause_behavior`)."""

    SKIP = "skip"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Pauses:
    """All pauses of one recording, the running one included."""

    behavior: Behavior | None = None
    """Of the pause that lasts; None while the call is recorded."""

    since: float = 0.0
    """When that pause began, in Unix seconds."""

    skipped: float = 0.0
    """Seconds that earlier pauses have left out."""

    def begin(self, behavior: Behavior, now: float) -> Pauses:
        """Paused from now on, or in another manner."""
        return replace(self.end(now), behavior=behavior, since=now)

    def end(self, now: float) -> Pauses:
        """Recorded from now on."""
        return Pauses(skipped=self._skipped_until(now))

    def recorded(self, started: float, now: float) -> float:
        """Seconds of the call that are in a recording which runs since `started`."""
        return max(0.0, now - started - self._skipped_until(now))

    @property
    def stands_still(self) -> bool:
        """Whether no time is recorded now."""
        return self.behavior is Behavior.SKIP

    def _skipped_until(self, now: float) -> float:
        return self.skipped + (max(0.0, now - self.since) if self.stands_still else 0.0)

    def noted(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """A recording's stored options, with these pauses among them (as JSON can hold them)."""
        if self == Pauses():
            return options
        noted = {"behavior": self.behavior, "since": self.since, "skipped": self.skipped}
        return {**options, PAUSES: noted}

    @classmethod
    def noted_in(cls, options: Mapping[str, Any]) -> Pauses:
        """The pauses of a stored recording; none, where it was never paused."""
        found = dict(options.get(PAUSES) or {})
        behavior = found.pop("behavior", None)
        return cls(Behavior(behavior) if behavior else None, **found)
