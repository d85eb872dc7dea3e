"""`originate … &eavesdrop(uuid)`: a leg that hears another call, with SIP and RTP of its own.

Source: mod_dptools.c (eavesdrop_function), switch_ivr_async.c (switch_ivr_eavesdrop_session).
"""

from adapter.simswitch import g711
from adapter.simswitch.audio import FRAME, Source
from adapter.simswitch.channel import Channel
from adapter.simswitch.session import Session
from adapter.simswitch.sip_line import SAMPLES_PER_MS
from adapter.simswitch.timeline import Frames
from adapter.simswitch.voices import Mix


def is_tap(extension: str) -> bool:
    """Whether a leg is made to hear another one."""
    return extension.startswith("&eavesdrop(")


def eavesdrop(session: Session, uuid: str) -> None:
    """Send what the call with this uuid says and hears, until either of the two ends."""
    tapped, line = session.switch.session(uuid), session.line
    if tapped is None or line is None:
        return
    heard = _heard(tapped.channel, session.channel)
    first = tapped.channel.frame_now
    packet, sent = line.ptime * SAMPLES_PER_MS, 0
    try:
        while session.channel.ready and not tapped.channel.down:
            session.run_messages()
            there = (tapped.channel.frame_now - first) * FRAME
            while sent + packet <= there:
                samples = heard.samples(first * FRAME + sent, packet)
                line.send(g711.encode(samples, line.codec))
                sent += packet
            session.pause(line.ptime / 1000)
    finally:
        line.end()
        session.line = None


def _heard(tapped: Channel, leg: Channel) -> Source:
    says, hears = leg.is_true("eavesdrop_bridge_aleg"), leg.is_true("eavesdrop_bridge_bleg")
    both = says == hears
    timelines = [tapped.says] * (says or both) + [tapped.hears] * (hears or both)
    return Mix((Frames(timeline), 0) for timeline in timelines)
