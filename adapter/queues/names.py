"""Names and ids of queues. Pure."""

from __future__ import annotations

import re
import uuid

PREFIX = "queue:"
"""How a destination of `connect` that is a queue begins."""

LONGEST_NAME = 200

ROOM = re.compile(r"~queue-[0-9a-f-]{36}")
"""A conference of two that `new_room` has named."""

HOP = re.compile(r"queue-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What another switch of ours calls to come into such a room (dialplan/queues.xml.j2)."""

_SPACE = uuid.UUID("b0a6d3c2-58f5-4a6e-9b8d-3c0f5a7f2e61")


def named_by(destination: str) -> str | None:
    """The queue that a destination names; None where it is something else."""
    if not destination.lower().startswith(PREFIX):
        return None
    return destination[len(PREFIX) :].strip()


def queue_id(name: str, project_id: str) -> str:
    """A queue's id: two projects never share one. Raises ValueError for what is no name."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise ValueError(f"a queue's name has 1 to {LONGEST_NAME} characters")
    return str(uuid.uuid5(_SPACE, f"{project_id} {name}"))


def callback_key(stay: str, status: str) -> str:
    """The id of a callback that several may tell: the first one counts."""
    return str(uuid.uuid5(_SPACE, f"{stay} {status}"))


def new_room() -> str:
    """A conference of the switch that no document can name: theirs have no `~` in the front."""
    return f"~queue-{uuid.uuid4()}"


def hop_to(room: str) -> str:
    """The number that another switch of ours calls to come into a room."""
    return room.removeprefix("~")


def is_hop(called: str) -> bool:
    """Whether a call's destination, a SIP address or a number, is meant for a room."""
    return HOP.fullmatch(called.removeprefix("sip:").partition("@")[0]) is not None
