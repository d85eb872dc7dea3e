"""How a called leg is asked before it is bridged: over a connection of its own, to any of us.

`group_confirm_key=exec` runs `socket` on a leg that has answered (switch_ivr_originate.c,
collect_thread_run); what the leg's variables say is all that its connection needs to know. If the
leg is still up when that connection ends, the switch takes it for confirmed. So

- with `socket_resume` on a leg whose connection breaks is hung up (its own thread finds nothing to
  go on with); who accepts turns it off first;
- a leg that could not connect at all counts as confirmed for the switch, but not for us:
  `accepted` asks for the mark that only a confirmation sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from adapter.freeswitch import commands
from adapter.freeswitch.errors import CommandFailed

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call

CONFIRM_VARIABLE = "swml_confirm"
"""On a leg: whose script asks it, and with what."""

ACCEPTED_VARIABLE = "swml_confirmed"
"""On a leg: it has accepted."""

ACCEPTING = {ACCEPTED_VARIABLE: "true", "socket_resume": ""}
"""What is set on a leg that accepts."""


@dataclass(frozen=True, slots=True)
class Script:
    """Whose steps confirm: a call, its session, the project of both, and the call's type."""

    call_id: str
    session_id: str
    project_id: str
    call_type: str = "sip"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a leg is asked by."""

    script: Script
    what: str
    """A URL, or a block of the script's running document."""

    def variables(self, call: Call) -> dict[str, str]:
        """A leg's variables that bring it to us when it has answered."""
        script = self.script
        ours = (script.call_id, script.session_id, script.project_id, script.call_type)
        parts = (*ours, self.what)
        return {
            "group_confirm_key": "exec",
            "group_confirm_file": f"socket {call.our_place} async full",
            "socket_resume": "true",
            CONFIRM_VARIABLE: " ".join(quote(part, safe="") for part in parts),
        }

    @classmethod
    def by(cls, call: Call) -> Asked | None:
        """What the leg that has come to us is asked by; None: it is a call like any other."""
        parts = [unquote(part) for part in call.variable(CONFIRM_VARIABLE).split(" ")]
        return cls(Script(*parts[:-1]), parts[-1]) if len(parts) == 5 else None


def accepted(call: Call, leg: str) -> bool:
    """Whether a leg that the switch has bridged was asked, and accepted."""
    try:
        return call.api(commands.get_variable(leg, ACCEPTED_VARIABLE)) == "true"
    except CommandFailed:
        return False
