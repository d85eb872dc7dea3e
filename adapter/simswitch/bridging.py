"""`bridge` and `conference`: the least that a call can notice of somebody else.

Source: mod_dptools.c (audio_bridge_function), switch_ivr_bridge.c, switch_channel.c
(switch_channel_handle_cause). Who is called is a `Callee` of the settings, not a channel.
"""

import re

from adapter.simswitch.audio import Tone, samples_of
from adapter.simswitch.session import Session
from adapter.simswitch.settings import Callee
from adapter.simswitch.strings import bracketed, is_true, new_uuid
from adapter.simswitch.tones import Sound

CALLEE_PEAK = 6000.0


def bridge(session: Session, data: str) -> None:
    """Calls the numbers of a dial string, `|` one after the other, `,` at once."""
    _, targets = bracketed(data)
    cause = "NO_ROUTE_DESTINATION"
    for group in targets.split("|"):
        callee, target = _first(session, group.split(","))
        session.wait(callee.rings)
        if not session.channel.ready:
            return
        cause = callee.cause or "SUCCESS"
        if cause == "SUCCESS":
            _talk(session, callee, target)
            return
    _fail(session, cause)


def _first(session: Session, targets: list[str]) -> tuple[Callee, str]:
    """Who answers first; if nobody would, the one that says so last."""
    found = [(_callee(session, target), target) for target in targets]
    answering = [pair for pair in found if pair[0].cause is None]
    if answering:
        return min(answering, key=lambda pair: pair[0].rings)
    return max(found, key=lambda pair: pair[0].rings)


def _callee(session: Session, target: str) -> Callee:
    number = re.sub(r"\[[^]]*\]", "", target).rpartition("/")[2].partition("@")[0]
    for callee in session.switch.settings.callees:
        if re.search(callee.pattern, number):
            return callee
    return Callee(".*", cause="NO_ROUTE_DESTINATION")


def _fail(session: Session, cause: str) -> None:
    channel = session.channel
    for name in ("originate_disposition", "originate_failed_cause", "bridge_hangup_cause"):
        channel.set(name, cause)
    goes_on = channel.get("continue_on_fail") or ""
    if not (is_true(goes_on) or cause in goes_on.split(",")):
        channel.hangup(cause)


def _talk(session: Session, callee: Callee, target: str) -> None:
    channel = session.channel
    other = new_uuid()
    channel.answer()
    values = {"originate_disposition": "SUCCESS", "DIALSTATUS": "SUCCESS"}
    bond = {"bridge_uuid": other, "last_bridge_to": other, "signal_bond": other}
    for name, value in {**values, **bond, "bridge_channel": target}.items():
        channel.set(name, value)
    headers = {"Bridge-A-Unique-ID": channel.uuid, "Bridge-B-Unique-ID": other}
    channel.fire("CHANNEL_BRIDGE", headers)
    length = None if callee.talks is None else samples_of(callee.talks * 1000)
    session.play(Sound("bridge", target, Tone((callee.tone,), CALLEE_PEAK, length)))
    for name in bond:
        channel.set(name, None if name != "last_bridge_to" else other)
    channel.set("bridge_hangup_cause", channel.hangup_cause or "NORMAL_CLEARING")
    channel.fire("CHANNEL_UNBRIDGE", headers)
    _after(session)


def _after(session: Session) -> None:
    """What the variables say a call does once its bridge is over."""
    channel = session.channel
    if not channel.ready:
        return
    if channel.is_true("hangup_after_bridge"):
        channel.hangup("NORMAL_CLEARING")
    elif target := channel.get("transfer_after_bridge"):
        number, _, rest = target.partition(":")
        session.transfer(number, rest.partition(":")[2] or channel.facts.context)


def conference(session: Session, data: str) -> None:
    """The call waits in a conference of its own until it hangs up or is broken off."""
    session.channel.answer()
    session.channel.set("conference_name", data.partition("@")[0])
    session.play(Sound("conference", data, Tone((0.0,), 0.0)))
