"""What a connect tries in turn: bridges, queues, and queues beside legs. Pure.

    serial: [A, B, queue:q, C]                  A|B, then q, then C
    parallel: [A, queue:q]                      q is looked at while A rings
    serial_parallel: [[A, B], [C, queue:q]]     A,B, then C with q beside it

Groups of legs alone are one bridge of the switch. A group with a queue is a part of its own: the
switch rings its legs, and we look at its queues meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from adapter.connecting.kept import Connect as Bridged
from adapter.freeswitch.dial_strings import MOST_LEGS
from adapter.methods.called import Destination
from adapter.queues.kept import Kept as Place
from adapter.queues.names import named_by, queue_id
from adapter.swml.errors import Code, ScriptError

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call

Group = Sequence[Destination]


@dataclass(frozen=True, slots=True)
class Part:
    """What is tried together: legs in groups, queues, or one group of legs and queues beside."""

    name: str
    """The same for the same part of the same step, whoever runs it."""
    first: bool
    groups: Sequence[Group] = ()
    """Legs: groups in turn, those of a group at once."""
    queues: Group = field(default_factory=tuple)

    def begun(self, call: Call) -> bool:
        """Whether the call has come to it before: its adapter died since."""
        bridge = Bridged.find(call, self.name)
        return bridge.attempt > 1 or bridge.became is not None or self.taking(call)

    def taking(self, call: Call) -> bool:
        """Whether only its queues are left: the call was to meet somebody, or its legs ended."""
        return Place.find(call, self.name).begun


def in_parts(groups: Sequence[Group], project_id: str, name: str) -> Iterator[Part]:
    """All destinations, in order. Raises ScriptError and ValueError for what cannot be called."""
    groups = [group for group in groups if group]
    every = sum(map(len, groups))
    if not 0 < every <= MOST_LEGS:
        message = f"connect: {every} destinations, not 1 to {MOST_LEGS}"
        raise ScriptError(Code.PARAMETER_INVALID, message)
    for number, (legs, queues) in enumerate(_together(groups)):
        for one in queues:
            queue_id(named_by(one.to) or "", project_id)
        yield Part(f"{name}.{number}" if number else name, not number, legs, queues)


def _together(groups: Sequence[Group]) -> Iterator[tuple[list[Group], Group]]:
    for with_queues, several in groupby(groups, key=_has_queue):
        if not with_queues:
            yield list(several), ()
            continue
        for group in several:
            legs = [one for one in group if named_by(one.to) is None]
            queues = [one for one in group if named_by(one.to) is not None]
            yield [legs] if legs else [], queues


def _has_queue(group: Group) -> bool:
    return any(named_by(one.to) is not None for one in group)
