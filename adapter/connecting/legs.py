"""The legs of one connect while it runs: how far each has come. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.connecting.outcome import end_reason
from adapter.connecting.plan import PlannedLeg

STATES = ("created", "ringing", "answered", "ended")
"""A leg's states as SWML names them, in order."""


@dataclass(slots=True)
class Leg:
    """One leg."""

    plan: PlannedLeg
    state: str = ""
    """Empty: it has not been called yet."""

    since: float = 0.0
    """When it came to this state, on the monotonic clock."""

    bridged: bool = False
    parted: bool = False
    """It was taken out of the bridge, and is a call of its own from then on."""
    given_up: bool = False
    cause: str = ""

    @property
    def alive(self) -> bool:
        """Whether the switch has it, and it is the connect's."""
        return self.state in STATES[:-1] and not self.parted

    @property
    def reason(self) -> str | None:
        """Why it ended; None while it has not."""
        return end_reason(self.cause, bridged=self.bridged) if self.state == "ended" else None

    @property
    def deadline(self) -> float | None:
        """When it has rung, or been asked to confirm, for too long."""
        if self.bridged or self.given_up or not self.alive:
            return None
        if self.state == "answered":
            return self.since + self.plan.confirm_timeout if self.plan.confirm else None
        return self.since + self.plan.timeout

    def reaches(self, state: str, now: float) -> list[str]:
        """Come to a state; returns it, with those before that nobody spoke of.

        A leg never goes back: a late word about it says nothing new.
        """
        come = STATES.index(self.state) + 1 if self.state else 0
        new = list(STATES[come : STATES.index(state) + 1])
        if state == "ended":
            new = [name for name in new if name in ("created", "ended")]
        if new:
            # Its time to ring runs from the call, not from when its phone began to ring.
            self.since = self.since if state == "ringing" and self.state else now
            self.state = state
        return new
