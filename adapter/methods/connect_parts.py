"""What a connect tries in turn: bridges, queues, and queues beside legs. Pure.

    serial: [A, B, queue:q, C]                  A|B, then q, then C
    parallel: [A, queue:q]                      q is looked at while A rings
    serial_parallel: [[A, B], [C, queue:q]]     A,B, then C with q beside it
    serial: [A, stream:wss://…]                 A, then the WebSocket

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

STREAM = "stream:"
"""How a destination that is a WebSocket begins."""

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
    stream: Destination | None = None
    """A WebSocket, beside which nobody rings."""

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
    for number, (legs, others) in enumerate(_together(groups)):
        own = f"{name}.{number}" if number else name
        if streams := [one for one in others if is_stream(one.to)]:
            if legs or len(others) > 1:
                message = "connect: nobody rings beside a `stream:`; try them in turn (`serial`)"
                raise ScriptError(Code.PARAMETER_INVALID, message)
            yield Part(own, not number, stream=streams[0])
            continue
        for one in others:
            queue_id(named_by(one.to) or "", project_id)
        yield Part(own, not number, legs, others)


def is_stream(to: str) -> bool:
    """Whether a destination is a WebSocket."""
    return to.lower().startswith(STREAM)


def _together(groups: Sequence[Group]) -> Iterator[tuple[list[Group], Group]]:
    for with_others, several in groupby(groups, key=lambda group: any(map(_is_no_leg, group))):
        if not with_others:
            yield list(several), ()
            continue
        for group in several:
            legs = [one for one in group if not _is_no_leg(one)]
            yield [legs] if legs else [], [one for one in group if _is_no_leg(one)]


def _is_no_leg(one: Destination) -> bool:
    return named_by(one.to) is not None or is_stream(one.to)
