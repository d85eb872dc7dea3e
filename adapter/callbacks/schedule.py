"""Which receiver's turn it is (pure).

A receiver is looked at when something about it has changed: a callback was stored, an attempt
ended, a moment has come. Looking costs a query, so nothing else is looked at. Each receiver has a
few slots, one that does not answer has one, and all together have a limit: the silent ones can
only ever hold their own slots.
"""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Attempts that may run at once."""

    per_receiver: int = 16
    failing_receiver: int = 1
    total: int = 128


@dataclass(slots=True)
class _Receiver:
    running: int = 0
    failing: bool = False
    due_at: float | None = None


class Schedule:
    """Receivers by origin, in the order in which they are to be looked at."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._receivers: dict[str, _Receiver] = {}
        self._ready: dict[str, None] = {}
        self._later: list[tuple[float, str]] = []
        self.running = 0

    def look_at(self, origin: str) -> None:
        """Something may be due for this receiver now."""
        self._ready[origin] = None

    def look_later(self, origin: str, moment: float) -> None:
        """Something will be due for this receiver at this Unix time."""
        receiver = self._receivers.setdefault(origin, _Receiver())
        if receiver.due_at is None or moment < receiver.due_at:
            receiver.due_at = moment
            heapq.heappush(self._later, (moment, origin))

    def turns(self, now: float, most: int) -> list[tuple[str, int]]:
        """Up to `most` receivers to look at now, with how many attempts each may start."""
        self._wake_due(now)
        free = self._limits.total - self.running
        turns: list[tuple[str, int]] = []
        for origin in list(self._ready):
            if free <= 0 or len(turns) == most:
                break
            del self._ready[origin]
            slots = min(self._slots(origin), free)
            if slots > 0:
                turns.append((origin, slots))
                free -= slots
        return turns

    def next_moment(self) -> float | None:
        """When `turns` will have something that it does not have now; None: only after a change."""
        return self._later[0][0] if self._later else None

    def has_ready(self) -> bool:
        """Whether `turns` would give something now."""
        return bool(self._ready) and self.running < self._limits.total

    def started(self, origin: str) -> None:
        self._receivers.setdefault(origin, _Receiver()).running += 1
        self.running += 1

    def ended(self, origin: str, *, answered: bool) -> None:
        """An attempt is over; `answered`: the receiver works, whatever it said."""
        receiver = self._receivers[origin]
        receiver.running -= 1
        receiver.failing = not answered
        self.running -= 1
        self.look_at(origin)

    def drop_idle(self) -> None:
        """Forget receivers for which nothing runs and nothing is known to come."""
        for origin, receiver in list(self._receivers.items()):
            if not receiver.running and receiver.due_at is None and origin not in self._ready:
                del self._receivers[origin]

    def _slots(self, origin: str) -> int:
        receiver = self._receivers.get(origin)
        if receiver is None:
            return self._limits.per_receiver
        limits = self._limits
        allowed = limits.failing_receiver if receiver.failing else limits.per_receiver
        return allowed - receiver.running

    def _wake_due(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, origin = heapq.heappop(self._later)
            receiver = self._receivers.get(origin)
            if receiver is not None:
                receiver.due_at = None
            self._ready[origin] = None
