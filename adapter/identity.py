"""Who a call is to the outside: the ids that every callback about it carries."""

import os
import time
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
    """A UUID as text that begins with its time (RFC 9562, version 7), 74 bits of it random.

    Rows that are stored together so lie together in the indexes of their ids: with random ids each
    is written to another page.
    """
    digits = f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
