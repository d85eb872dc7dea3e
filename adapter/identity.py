"""Who a call is to the outside: the ids that every callback about it carries."""

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
