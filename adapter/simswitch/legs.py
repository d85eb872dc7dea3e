"""Legs that the switch makes: a channel, a thread, and a called party that follows its plan.

Source: switch_core_session.c (switch_core_session_outgoing_channel), mod_sofia.c
(sofia_outgoing_channel). Who is called, and what they do, the settings' callees say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import gevent

from adapter.simswitch.caller import Caller, CallPlan, Step
from adapter.simswitch.causes import cause_named
from adapter.simswitch.dial_string import Dialled
from adapter.simswitch.profile import CallFacts
from adapter.simswitch.session import Session
from adapter.simswitch.settings import Callee
from adapter.simswitch.sip_line import Line, NotAnswered, call
from adapter.simswitch.strings import new_uuid
from adapter.simswitch.switch import Switch

NOBODY = Callee(".*", cause="NO_ROUTE_DESTINATION")
NO_ENDPOINT = Callee(".*", rings=0, silent=True, says={"silence": True})
"""mod_loopback's `null`: answers at once, says nothing."""
CALLER_NUMBER, CALLER_NAME = "origination_caller_id_number", "origination_caller_id_name"


class CannotCall(Exception):
    """No channel can be made; the argument is the cause."""

    @property
    def cause(self) -> str:
        return str(self.args[0])


@dataclass(slots=True, eq=False)
class Leg:
    """One called party."""

    session: Session
    callee: Callee
    party: Caller
    target: str
    confirming: bool = False
    confirmed: bool = False
    time_limit: int = field(default=0)

    @property
    def answered(self) -> bool:
        return self.session.channel.answered

    @property
    def down(self) -> bool:
        return self.session.channel.down


def make_leg(
    switch: Switch,
    dialled: Dialled,
    shared: dict[str, str],
    caller: Session | None,
    *,
    taps: bool = False,
) -> Leg:
    """A leg that begins to call; raises CannotCall."""
    address = _address(switch, dialled)
    variables = {**shared, **dialled.variables}
    facts = _facts(address, variables, caller)
    nobody = taps or dialled.kind == "null"
    callee = NO_ENDPOINT if nobody else _callee(switch, facts.to_number)
    uuid = variables.get("origination_uuid") or new_uuid()
    if switch.session(uuid) is not None:
        raise CannotCall("DESTINATION_OUT_OF_ORDER")
    line = _line(dialled, variables) if taps else None
    session = switch.new_session(facts, uuid)
    session.line = line
    party = Caller(_plan(callee, facts), session)
    switch.expect(party, facts.to_number)
    channel = session.channel
    if caller is not None:
        channel.other_leg = caller.channel
        for name in ("originator", "signal_bond", "originating_leg_uuid"):
            channel.set(name, caller.channel.uuid)
        channel.set("call_uuid", caller.channel.uuid)
    leg = Leg(session, callee, party, f"{dialled.kind}/{dialled.data}")
    session.begin = lambda: _begin(switch, leg)
    switch.spawn(f"leg {uuid}", switch.run_call, party)
    return leg


def _line(dialled: Dialled, variables: dict[str, str]) -> Line:
    try:
        return call(dialled.data, variables)
    except NotAnswered as error:
        raise CannotCall("NORMAL_TEMPORARY_FAILURE") from error


def _facts(address: str, variables: dict[str, str], caller: Session | None) -> CallFacts:
    known = caller.channel.facts if caller else CallFacts(from_number="0000000000")
    return CallFacts(
        from_number=variables.get(CALLER_NUMBER) or known.from_number,
        from_name=variables.get(CALLER_NAME) or known.from_name,
        to_number=address.partition("@")[0],
        context=known.context,
        network_addr=known.network_addr,
        variables=variables,
        address=address,
    )


def _address(switch: Switch, dialled: Dialled) -> str:
    """`user@host` of an endpoint's data."""
    where, _, rest = dialled.data.partition("/")
    match dialled.kind:
        case "error":
            raise CannotCall(cause_named(dialled.data))
        case "user" | "null":
            return dialled.data
        case "sofia" if where == "gateway":
            gateway, _, number = rest.partition("/")
            _check_gateway(switch, gateway)
            return f"{number}@{gateway}"
        case "sofia":
            address = re.sub("^sips?:", "", rest, flags=re.IGNORECASE).partition(";")[0]
            return address if "@" in address else f"{address}@{where}"
        case _:
            raise CannotCall("CHAN_NOT_IMPLEMENTED")


def _check_gateway(switch: Switch, gateway: str) -> None:
    if gateway in switch.settings.dead_gateways:
        raise CannotCall("GATEWAY_DOWN")
    if switch.settings.gateways and gateway not in switch.settings.gateways:
        raise CannotCall("INVALID_GATEWAY")


def _callee(switch: Switch, number: str) -> Callee:
    for callee in (*switch.callees, *switch.settings.callees):
        if re.search(callee.pattern, number):
            return callee
    return NOBODY


def _plan(callee: Callee, facts: CallFacts) -> CallPlan:
    says = Step.from_data(callee.says) if callee.says else Step(tone=(callee.tone,))
    return CallPlan(facts, says, tuple(Step.from_data(step) for step in callee.steps))


def _begin(switch: Switch, leg: Leg) -> None:
    leg.session.channel.begin_outbound()
    if leg.session.flat:
        _party(leg)
    else:
        switch.spawn(f"party of {leg.party.uuid}", _party, leg)


def _party(leg: Leg) -> None:
    """What the called party does until it talks."""
    channel, callee = leg.session.channel, leg.callee
    if not callee.silent:
        channel.ring()
    if not leg.session.flat:
        gevent.sleep(callee.rings)
    if callee.cause:
        leg.party.refuse(callee.cause)
    elif callee.answers and not channel.down:
        channel.answer()
        leg.party.start()
        if callee.talks is not None:
            leg.party.talk(0 if leg.session.flat else callee.talks)
