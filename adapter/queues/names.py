"""Names and ids of queues. Pure."""

from __future__ import annotations

import re
import uuid

PREFIX = "queue:"
"""How a destination of `connect` that is a queue begins."""

LONGEST_NAME = 200

ROOM = re.compile(r"~queue-[0-9a-f-]{36}")
"""A conference of two that `new_room` has named."""

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
