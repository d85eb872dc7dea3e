"""`conference`: the least that a call can notice of others. Source: mod_conference.c."""

from adapter.simswitch.audio import Tone
from adapter.simswitch.session import Session
from adapter.simswitch.tones import Sound


def conference(session: Session, data: str) -> None:
    """The call waits in a conference of its own until it hangs up or is broken off."""
    session.channel.answer()
    session.channel.set("conference_name", data.partition("@")[0])
    session.play(Sound("conference", data, Tone((0.0,), 0.0)))
