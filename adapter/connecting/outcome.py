"""How a leg ended and what became of a connect, in SWML's words. Pure.

FreeSWITCH says why by a Q.850 cause (switch_types.h); seen on a real switch: a SIP 486 is
USER_BUSY, 603 CALL_REJECTED, 480 NO_USER_RESPONSE, 404 UNALLOCATED_NUMBER, 503 or an unreachable
peer NORMAL_TEMPORARY_FAILURE, a leg's time limit ALLOTTED_TIMEOUT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EndReason = Literal["hangup", "busy", "no_answer", "cancel", "declined", "error"]

UNANSWERED = "NO_ANSWER"
"""The cause with which we end a leg that rang too long."""

REFUSED = "CALL_REJECTED"
"""The cause with which a leg ends whose confirmation did not accept the call."""

TOO_LONG = "ALLOTTED_TIMEOUT"
"""The cause with which we end a bridge that lasted too long."""

OVERTAKEN = "LOSE_RACE"
"""The cause with which a leg ends when somebody else was first: its phone shows no missed call."""

_REASONS: dict[str, EndReason] = {
    "NORMAL_CLEARING": "hangup",
    "USER_BUSY": "busy",
    "NO_ANSWER": "no_answer",
    "NO_USER_RESPONSE": "no_answer",
    "ALLOTTED_TIMEOUT": "no_answer",
    "PROGRESS_TIMEOUT": "no_answer",
    "SUBSCRIBER_ABSENT": "no_answer",
    "CALL_REJECTED": "declined",
    "ORIGINATOR_CANCEL": "cancel",
    "LOSE_RACE": "cancel",
    "PICKED_OFF": "cancel",
}


def end_reason(cause: str, *, bridged: bool = False) -> EndReason:
    """Why a leg ended; a bridged one was hung up, whatever limit it was that did it."""
    reason = _REASONS.get(cause, "error")
    return "hangup" if bridged and reason == "no_answer" else reason


def failed_reason(cause: str) -> EndReason:
    """Why nobody was connected. Who hangs up before the bridge did not want it."""
    reason = end_reason(cause)
    return "declined" if reason == "hangup" else reason


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a connect: the Unique-ID of the leg that was bridged, or a reason."""

    peer: str = ""
    failed_reason: EndReason | None = None

    @property
    def connected(self) -> bool:
        """Whether a bridge took place."""
        return bool(self.peer)
