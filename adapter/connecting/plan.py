"""Whom a connect calls: each leg with its id, its endpoint and what is asked of it. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adapter.freeswitch.dial_strings import Leg

Device = Mapping[str, Any]

RING_MARGIN = 2
"""Seconds that the switch waits longer than we do: whole seconds of its clock, begun anywhere."""

GROUP_MARGIN = 10
"""Seconds by which a group's own limit is above those of its legs."""

_NAMESPACE = uuid.UUID("5d0cbb8c-31a0-4e0d-8b53-8c5ef2a3a6f1")


def leg_id(connect: str, number: int) -> str:
    """The Unique-ID of a connect's leg: the same whoever works it out."""
    return str(uuid.uuid5(_NAMESPACE, f"{connect}/{number}"))


@dataclass(frozen=True, slots=True)
class PlannedLeg:
    """One leg."""

    uuid: str
    endpoint: str
    device: Device
    """What callbacks say of it (`phone` or `sip`, and its ends)."""

    timeout: int
    """Seconds to ring."""

    variables: Mapping[str, str] = field(default_factory=dict)
    confirm: str = ""
    """The URL or the block of what is run on it before the bridge; empty: nothing is."""

    confirm_timeout: int = 0
    state_url: str | None = None
    states: frozenset[str] = frozenset()

    def dialled(self, confirmation: Mapping[str, str]) -> Leg:
        """As a dial string has it. `confirmation` are the variables that have it confirmed."""
        limits = {"leg_timeout": str(self.timeout + RING_MARGIN)}
        if self.confirm:
            limits["group_confirm_timeout"] = str(self.confirm_timeout + RING_MARGIN)
        return Leg(self.uuid, self.endpoint, {**self.variables, **limits, **confirmation})


@dataclass(frozen=True, slots=True)
class Plan:
    """Groups of legs: tried one after the other, each rung at the same time."""

    groups: Sequence[Sequence[PlannedLeg]]
    max_duration: float
    ringback: str = ""
    """What the caller hears meanwhile, as the switch's variable of that name has it."""

    answers_first: bool = True
    """Whether the call is answered before anybody is called."""

    @property
    def legs(self) -> Iterator[PlannedLeg]:
        """Every leg, in order."""
        return (leg for group in self.groups for leg in group)

    def after(self, rung: float) -> Plan:
        """What is left of it when it has rung for so many seconds before."""
        groups = [
            [replace(leg, timeout=leg.timeout - int(rung)) for leg in group if leg.timeout > rung]
            for group in self.groups
        ]
        return replace(self, groups=[group for group in groups if group])

    @property
    def confirms(self) -> bool:
        """Whether any leg is to confirm."""
        return any(leg.confirm for leg in self.legs)

    @property
    def group_limit(self) -> int:
        """Seconds after which the switch gives a group up, whatever its legs do."""
        longest = max(leg.timeout + leg.confirm_timeout for leg in self.legs)
        return longest + RING_MARGIN + GROUP_MARGIN

    @property
    def longest(self) -> float:
        """Seconds that it can all take."""
        return len(self.groups) * (self.group_limit + GROUP_MARGIN) + self.max_duration
