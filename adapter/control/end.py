"""`calling.end`: hang the call up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from adapter.control.command import Command
from adapter.swml.parameters import Parameters, folded

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl

CAUSES = {
    "hangup": "NORMAL_CLEARING",
    "cancel": "ORIGINATOR_CANCEL",
    "busy": "USER_BUSY",
    "noanswer": "NO_ANSWER",
    "decline": "CALL_REJECTED",
    "error": "NORMAL_TEMPORARY_FAILURE",
}
"""SignalWire's reasons as Q.850 causes, as FreeSWITCH names them."""

Reason = Annotated[
    Literal["hangup", "cancel", "busy", "noanswer", "decline", "error"], folded(str.lower)
]


class End(Parameters):
    """Why it ends; written `noAnswer`."""

    reason: Reason = "hangup"


def end(control: CallControl, params: End) -> None:
    """Returns when the switch has said that the call is over."""
    control.call.hangup(CAUSES[params.reason])


COMMANDS = (Command("calling.end", End, end, early=True, leg=True),)
