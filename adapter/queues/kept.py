"""What a queue leaves on a call's channel: whoever gets the call finds that it was in a room.

The conference goes on when its adapter dies, and so does `adapter.conferences.participant`'s own
variable, or that of the bridge to another switch; this one says whose meeting it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from adapter.conferences.entry import STAY_VARIABLE, Stay
from adapter.connecting.kept import went_alone

QUEUE_VARIABLE = "swml_queue"
"""On a channel: the step that waits or takes, and once it is in the room the other call's id, the
queue's, and the other call's switch."""


class Channel(Protocol):
    """A call's variables as they were when it came to us."""

    def variable(self, name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What the channel knows of one step."""

    step: str
    begun: bool = False
    """Whether the step was begun before: it is done again after a crash."""
    peer: str = ""
    """The other call, if it went into a room with it."""
    queue: str = ""
    """The queue by which they met, if the step takes."""
    node: str = ""
    """The other call's switch, if the step takes."""
    resume: str = ""
    """What `socket_resume` was before the room."""

    @classmethod
    def find(cls, channel: Channel, step: str) -> Kept:
        """What is known of a step."""
        marks = [*channel.variable(QUEUE_VARIABLE).split(" "), "", "", "", ""]
        known, peer, queue, node = marks[:4]
        if known != step:
            return cls(step)
        resume = _went_alone(channel, step)
        if resume is None:
            return cls(step, begun=True)
        return cls(step, begun=True, peer=peer, queue=queue, node=node, resume=resume)

    def variables(self, peer: str = "", queue: str = "", node: str = "") -> dict[str, str]:
        """What makes the channel know it."""
        return {QUEUE_VARIABLE: f"{self.step} {peer} {queue} {node}".strip()}

    @property
    def after(self) -> dict[str, str]:
        """What the channel is to know when the room is behind it."""
        return {STAY_VARIABLE: "", **({"socket_resume": self.resume} if self.resume else {})}


def _went_alone(channel: Channel, step: str) -> str | None:
    """What `socket_resume` was before the step's room, or its bridge to another switch; None where
    it is in none that goes on without us."""
    prefix = f"{step}~"
    stay = Stay.parse(channel.variable(STAY_VARIABLE))
    if stay is not None and stay.name.startswith(prefix) and stay.on_its_own:
        return stay.resume
    return went_alone(channel, prefix)
