"""What a connect leaves on its call's channel: whoever gets the call finds what became of it.

The switch sets `last_bridge_to` and `originate_disposition` itself (switch_ivr_bridge.c,
switch_ivr_originate.c).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from adapter.connecting.outcome import Outcome, failed_reason

CONNECT_VARIABLE = "swml_connect"
"""The connect that began last, how often it did, what `socket_resume` was before, and `alone` where
the application goes on without us."""

ALONE = "alone"

PARTED_VARIABLE = "swml_parted"
"""The leg that was taken out of the bridge while no process had the call."""

PEER_VARIABLE = "last_bridge_to"
DISPOSITION_VARIABLE = "originate_disposition"

RINGING = "%(2000,4000,440,480)"
"""What an answered caller hears while nobody else makes a sound."""


class Channel(Protocol):
    """A call's variables as they were when it came to us."""

    def variable(self, name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Connect:
    """One step's connect."""

    name: str
    """The same for the same step of the same script, whoever runs it."""

    attempt: int
    resume: str
    """What `socket_resume` was before."""

    became: Outcome | None = None
    """What became of it while nobody looked."""

    @classmethod
    def find(cls, channel: Channel, name: str) -> Connect:
        """What is known of it: a new one, one that is over, or one to be done again."""
        marks = channel.variable(CONNECT_VARIABLE).split(" ")
        known, attempt, resume, alone = (*marks, "", "", "", "")[:4]
        if known != name or not attempt.isdigit():
            return cls(name, 1, channel.variable("socket_resume"))
        became = _became(channel.variable, alone=alone == ALONE)
        found = cls(name, int(attempt), resume, became)
        return found if found.became else replace(found, attempt=found.attempt + 1)

    @property
    def id(self) -> str:
        """Names this attempt."""
        return f"{self.name}/{self.attempt}"

    def before(self, *, outlives: bool) -> dict[str, str]:
        """Variables to set before anybody is called; `outlives`: the application outlives us."""
        alone = ALONE if outlives else ""
        return {
            CONNECT_VARIABLE: f"{self.name} {self.attempt} {self.resume} {alone}",
            PEER_VARIABLE: "",
            PARTED_VARIABLE: "",
            DISPOSITION_VARIABLE: "",
            "socket_resume": "false" if outlives else self.resume,
            "continue_on_fail": "true",
            "hangup_after_bridge": "false",
            "park_after_bridge": "false",
            "transfer_after_bridge": "",
            # What the caller's phone says about itself is nobody's business.
            "sip_copy_custom_headers": "false",
        }

    def after(self) -> dict[str, str]:
        """Variables to set when it is over."""
        return {"socket_resume": self.resume, "ringback": ""}


def went_alone(channel: Channel, prefix: str) -> str | None:
    """What `socket_resume` was before the connect that began last; None unless its name begins so
    and it goes on without us."""
    name, _, resume, alone = (*channel.variable(CONNECT_VARIABLE).split(" "), "", "", "", "")[:4]
    return resume if name.startswith(prefix) and alone == ALONE else None


def _became(variable: Callable[[str], str], *, alone: bool) -> Outcome | None:
    """None: our connection ended before anything came of it, and the switch broke it off.

    `socket_resume` tells nothing: the dialplan sets it again before it offers the call.
    """
    if peer := variable(PEER_VARIABLE):
        return Outcome(peer)
    disposition = variable(DISPOSITION_VARIABLE)
    if alone and disposition:
        return Outcome(failed_reason=failed_reason(disposition))
    return None
