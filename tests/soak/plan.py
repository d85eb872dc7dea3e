"""What a soak does, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

Span = tuple[float, float]
"""From when to when, in seconds from the beginning; (0, 0) is never."""

NEVER: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many calls at once, for how long, and what happens meanwhile (times in seconds)."""

    calls: int = 500
    seconds: float = 600
    call_seconds: float = 60
    workers: int = 3
    kill_every: float = 30
    receiver_down: Span = (120, 300)
    disk_full: Span = (400, 420)
    real: bool = False
    """On a real FreeSWITCH, else on the simulated one."""

    settle: float = 180
    """How long callbacks may take to arrive once all is well again."""

    @property
    def calls_per_second(self) -> float:
        """New calls a second, so that `calls` are up at a time."""
        return self.calls / self.call_seconds

    @property
    def warm_seconds(self) -> float:
        """From when on memory must be flat: twice all calls since the first worker died."""
        return self.kill_every + 2 * self.call_seconds


REAL = Plan(
    calls=100,
    seconds=120,
    call_seconds=20,
    kill_every=45,
    receiver_down=(30, 60),
    disk_full=NEVER,
    real=True,
)
"""On a real switch: two kills."""


def within(span: Span, now: float) -> bool:
    """Whether a moment lies in a span."""
    return span[0] <= now < span[1]


@dataclass(slots=True)
class Report:
    """What was seen."""

    calls: int = 0
    most_at_once: int = 0
    kills: int = 0
    callbacks: int = 0
    repeats: int = 0
    by_outcome: dict[str, int] = field(default_factory=dict)
    """Recordings by their last state, an error's code with it."""

    memory: list[tuple[float, float]] = field(default_factory=list)
    """When (seconds), and MB of one worker that was up for a while."""

    cpu: dict[str, float] = field(default_factory=dict)
    """Seconds of processor time, by who used them."""

    faults: list[str] = field(default_factory=list)

    def memory_drift(self) -> float | None:
        """By what share the last quarter's memory exceeds the first's; None if too short."""
        quarter = len(self.memory) // 4
        if not quarter:
            return None
        values = [size for _, size in self.memory]
        return median(values[-quarter:]) / median(values[:quarter]) - 1

    def text(self) -> str:
        outcomes = ", ".join(f"{count} {name}" for name, count in sorted(self.by_outcome.items()))
        lines = [
            f"{self.calls} calls, up to {self.most_at_once} at once, {self.kills} workers killed",
            f"recordings: {outcomes}",
            f"{self.callbacks} callbacks, {self.repeats} repeats",
            f"processor seconds: {self.cpu}",
            self._memory_text(),
            f"{len(self.faults)} faults",
        ]
        return "\n".join([*lines, *self.faults[:20]])

    def _memory_text(self) -> str:
        drift = self.memory_drift()
        if drift is None:
            return "memory: not looked at, too short"
        sizes = [size for _, size in self.memory]
        return f"memory of a worker: {min(sizes):.1f} to {max(sizes):.1f} MB, drift {drift:+.1%}"
