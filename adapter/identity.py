"""Who a call is to the outside: the ids that every callback about it carries."""

import os
from dataclasses import dataclass

SESSION_VARIABLE = "swml_session"
"""Channel variable with the session's id: a call that has it was here, or elsewhere, before, or
was made by us."""


@dataclass(frozen=True, slots=True)
class CallIdentity:
    """The ids of one call, in SWML's names.

    `call_id` is the channel's Unique-ID and `node_id` the switch's name. `event_channel` is
    `swml:<session uuid>`: the same for the call's whole life, after a resume as well.
    """

    call_id: str
    node_id: str
    event_channel: str
    project_id: str
    space_id: str


def new_id() -> str:
    """A random UUID (RFC 9562, version 4) as text, in a third of the time that `uuid` takes."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
