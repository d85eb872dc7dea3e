"""`uuid_deflect`: a REFER, and what the party makes of it.

Source: mod_sofia.c (SWITCH_MESSAGE_INDICATE_DEFLECT), sofia.c (sofia_handle_sip_r_refer and
sofia_handle_sip_i_notify). A party follows (it calls the user part of the URI and, once that is
answered, ends this call), or it does what its plan says: `refuse 403` at once, `notify 603`, or
`stay 200`: it tells of a success and does not hang up. `ask USER PASSWORD`: it challenges the
REFER, and stays; without an answer to that the switch ends the call.
"""

from __future__ import annotations

import time

import gevent

from adapter.simswitch.caller import Caller, CallPlan
from adapter.simswitch.channel import Channel
from adapter.simswitch.profile import CallFacts
from adapter.simswitch.switch import Switch

ROUND_TRIP_SECONDS = 0.01
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.02

SIP_STATUS = {"USER_BUSY": 486, "CALL_REJECTED": 603, "NO_ROUTE_DESTINATION": 404}
"""What the target's refusal is to the party that calls it; anything else is 480."""


def deflect(switch: Switch, channel: Channel, uri: str) -> None:
    """Sends it; returns at once."""
    switch.spawn(f"refer of {channel.uuid}", _refer, switch, channel, uri)


def _refer(switch: Switch, channel: Channel, uri: str) -> None:
    party = switch.callers.get(channel.uuid)
    plan = party.plan.refer if party else "follow"
    word, _, status = plan.partition(" ")
    gevent.sleep(ROUND_TRIP_SECONDS)
    if word == "ask":
        known = [channel.get(f"sip_auth_{name}") for name in ("username", "password")]
        if not all(known):
            channel.hangup("MANDATORY_IE_MISSING")
            return
        accepted = known == status.split(" ")
        word, status = ("stay", "200") if accepted else ("refuse", "403")
    channel.set("sip_refer_status_code", status if word == "refuse" else "202")
    if word == "refuse":
        return
    outcome = int(status) if word in ("notify", "stay") else _follow(switch, channel, uri)
    gevent.sleep(ROUND_TRIP_SECONDS)
    channel.set("sip_refer_target_status_code", str(outcome))
    channel.set("sip_refer_reply", f"SIP/2.0 {outcome} whatever\r\n")
    if outcome != 200 or word == "stay":
        return
    if not channel.is_true("sip_refer_continue_after_reply"):
        channel.hangup("BLIND_TRANSFER")
    elif party:
        party.hang_up()


def _follow(switch: Switch, channel: Channel, uri: str) -> int:
    """The party calls the target, as any caller does; how that went as a SIP status."""
    user = uri.lower().removeprefix("sip:").partition("@")[0].partition(";")[0]
    facts = CallFacts(from_number=channel.facts.from_number, to_number=user)
    call = switch.call(CallPlan(facts))
    until = time.monotonic() + PATIENCE_SECONDS
    while not _decided(call) and time.monotonic() < until:
        gevent.sleep(LOOK_SECONDS)
    return 200 if call.answered else SIP_STATUS.get(call.hangup_cause or "", 480)


def _decided(call: Caller) -> bool:
    return call.answered or call.hangup_cause is not None
