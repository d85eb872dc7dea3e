"""`hangup`: end the call (SWML reference, hangup)."""

from __future__ import annotations

from pydantic import Field

from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.parameters import Parameters

CAUSES = {"hangup": "NORMAL_CLEARING", "busy": "USER_BUSY", "decline": "CALL_REJECTED"}
"""SWML's reasons as Q.850 causes. Before the answer they become SIP 480, 486 and 603."""


class Hangup(Parameters):
    """End the call."""

    reason: str = Field("hangup", description="hangup, busy or decline; others mean hangup")


LIMITS = {"reason": "SIP 480, 486 or 603 before the answer; afterwards a BYE says the cause"}

SPEC = MethodSpec("hangup", Hangup, Shorthand(scalar="reason"))

SILENT = True


def perform(context: Context, params: Hangup) -> Result:
    """Hang up; no later step runs.

    An unanswered caller would be told what the last leg that `connect` called answered, whatever
    the reason (mod_sofia.c, sofia_on_hangup).
    """
    if not context.call.answered:
        context.call.set_variables({"sip_ignore_remote_cause": "true"})
    context.call.hangup(CAUSES.get(params.reason.lower(), "NORMAL_CLEARING"))
    return Result(ends_script=True)
