"""`bridge` and `uuid_bridge`: two parties hear each other until one of them has had enough.

Source: mod_dptools.c (audio_bridge_function), switch_ivr_bridge.c
(switch_ivr_multi_threaded_bridge, audio_bridge_thread, switch_ivr_uuid_bridge), switch_channel.c
(switch_channel_handle_cause). The thread of the one that called runs the bridge.
"""

from adapter.simswitch.channel import Channel
from adapter.simswitch.channel_state import State
from adapter.simswitch.heard import Heard
from adapter.simswitch.originate import Origination
from adapter.simswitch.session import Session
from adapter.simswitch.strings import is_true
from adapter.simswitch.switch import Switch
from adapter.simswitch.timeline import Segment
from adapter.simswitch.voices import Voice

ALWAYS_GOES_ON = frozenset({"NO_ANSWER", "NO_USER_RESPONSE", "ORIGINATOR_CANCEL"})


def bridge(switch: Switch, session: Session, data: str) -> None:
    """Calls the legs of a dial string and talks with the first that answers."""
    channel = session.channel
    for name in ("originated_legs", "originate_causes"):
        channel.set(name, None)
    if channel.answered:
        channel.set_callstate("RING_WAIT")
    origination = Origination(switch, data, session)
    leg = origination.run()
    channel.set("originate_disposition", origination.cause)
    channel.set("DIALSTATUS", _DIALSTATUS.get(origination.cause, origination.cause))
    if leg is None:
        _fail(session, origination.cause)
        return
    channel.answer()
    if channel.callstate == "RING_WAIT":
        channel.set_callstate("ACTIVE")
    channel.other_leg = leg.session.channel
    talk(session, leg.session, leg.target)


_DIALSTATUS = {
    "ORIGINATOR_CANCEL": "CANCEL",
    "USER_BUSY": "BUSY",
    "NO_ANSWER": "NOANSWER",
    "DESTINATION_OUT_OF_ORDER": "INVALIDARGS",
    "INVALID_PROFILE": "INVALIDARGS",
    "CALL_REJECTED": "DONTCALL",
}


def _fail(session: Session, cause: str) -> None:
    channel = session.channel
    channel.set("originate_failed_cause", cause)
    channel.set("last_bridge_hangup_cause", cause)
    if channel.callstate == "RING_WAIT" and not channel.down:
        channel.set_callstate("ACTIVE")
    goes_on = channel.get("continue_on_fail") or ""
    if goes_on and (is_true(goes_on) or cause in goes_on.split(",")):
        return
    if not goes_on and cause in ALWAYS_GOES_ON:
        return
    channel.hangup(cause)


def talk(first: Session, second: Session, target: str = "") -> None:
    """Two parties hear each other; `first` is the one whose thread this is."""
    a, b = first.channel, second.channel
    first.companion, second.companion = second, first
    _bond(a, b)
    a.mark_bridged()
    b.mark_bridged()
    headers = {"Bridge-A-Unique-ID": a.uuid, "Bridge-B-Unique-ID": b.uuid}
    a.fire("CHANNEL_BRIDGE", headers)
    b.transferring = False
    b.enter(State.EXCHANGE_MEDIA)
    heard = [hears(a, b, target), hears(b, a, target)]
    while a.ready and _talks(b) and not first.flat:
        first.run_messages()
        _pass_digits(a, b)
        _pass_digits(b, a)
        if a.ready and _talks(b):
            first.pause(first.look_again())
    for (segment, record), listener in zip(heard, (a, b), strict=True):
        stops_hearing(listener, segment, record)
    first.companion = second.companion = None
    _part(first, second, headers)


def _talks(channel: Channel) -> bool:
    return channel.state is State.EXCHANGE_MEDIA and not channel.transferring


def _bond(a: Channel, b: Channel) -> None:
    for mine, other in ((a, b), (b, a)):
        values = dict.fromkeys(("bridge_uuid", "last_bridge_to", "signal_bond"), other.uuid)
        for name, value in {**values, "bridge_channel": other.name}.items():
            mine.set(name, value)


def hears(listener: Channel, speaker: Channel, target: str) -> tuple[Segment, Heard]:
    """From now on one hears what the other says."""
    record = Heard(listener.seconds_since_start(), "bridge", target or speaker.name)
    listener.heard.append(record)
    return listener.play(Voice(speaker)), record


def stops_hearing(listener: Channel, segment: Segment, record: Heard) -> None:
    """No more."""
    segment.end = max(segment.start, listener.media_frame)
    record.ms, record.running = 20.0 * (segment.end - segment.start), False


def _pass_digits(sender: Channel, receiver: Channel) -> None:
    """if 1 channel has DTMF pass it to the other"""
    while (digit := sender.take_digit()) is not None:
        receiver.sent_digits.append(digit)


def _part(first: Session, second: Session, headers: dict[str, str]) -> None:
    a, b = first.channel, second.channel
    if _talks(b) and not (a.transferring and a.is_true("park_after_bridge")):
        _leave(second)
    for channel, other in ((a, b), (b, a)):
        if other.hangup_cause:
            channel.set("bridge_hangup_cause", other.hangup_cause)
            channel.set("last_bridge_hangup_cause", other.hangup_cause)
    a.fire("CHANNEL_UNBRIDGE", headers)
    _after(first, b.hangup_cause or "NORMAL_CLEARING")


def _leave(session: Session) -> None:
    """What becomes of the one that was called, when the other has left."""
    channel = session.channel
    if target := channel.get("transfer_after_bridge"):
        _transfer(session, target)
    else:
        channel.hangup("NORMAL_CLEARING")


def _after(session: Session, cause: str) -> None:
    """What the variables say a call does once its bridge is over."""
    channel = session.channel
    if not channel.ready:
        return
    if target := channel.get("transfer_after_bridge"):
        _transfer(session, target)
    elif channel.is_true("hangup_after_bridge"):
        channel.hangup(cause)


def _transfer(session: Session, target: str) -> None:
    """`extension[:dialplan[:context]]`."""
    number, _, rest = target.partition(":")
    session.transfer(number, rest.partition(":")[2] or session.channel.facts.context)


def join(first: Session, second: Session) -> None:
    """switch_ivr_uuid_bridge: both leave what they do; the thread of the first runs the bridge."""
    second.take_aside(State.CONSUME_MEDIA, None)
    first.take_aside(State.SOFT_EXECUTE, lambda: _joined(first, second))


def _joined(first: Session, second: Session) -> None:
    if second.channel.down:
        first.channel.hangup("NORMAL_CLEARING")
        return
    first.channel.enter(State.EXECUTE)
    first.channel.other_leg, second.channel.other_leg = second.channel, first.channel
    talk(first, second)
    if first.channel.ready:
        first.channel.hangup(second.channel.hangup_cause or "NORMAL_CLEARING")
