"""A client's session: the name by which it is known to calls, on this connection and on the next.

A client gets its `protocol` when it logs in, and gives it back when it connects again: the calls
that were its own still are. It holds for one project only. What it is made of is no secret; a token
of the project is needed beside it.
"""

from __future__ import annotations

import hashlib
import uuid

from adapter.control.clients import is_protocol


def signature(project_id: str) -> str:
    """Names the project; clients compare it with the one in the protocol (`BaseSession.ts`)."""
    return hashlib.sha256(f"relay {project_id}".encode()).hexdigest()[:32]


def resumed_or_new(project_id: str, given: object) -> str:
    """The client's own protocol, if it is one of this project; otherwise a new one."""
    if (
        isinstance(given, str)
        and is_protocol(given)
        and given.split("_")[1] == signature(project_id)
    ):
        return given
    return f"signalwire_{signature(project_id)}_{uuid.uuid4()}"
