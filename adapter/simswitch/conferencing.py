"""`conference NAME[@PROFILE][+flags{…}]`: a call's stay in a conference.

Source: mod_conference.c (conference_function), conference_loop.c (conference_loop_output).

Rules
- What a message asks for plays in place of the conference.
- Only a hangup, a transfer or the conference itself ends the stay: a break does not.
"""

import itertools
import re

from adapter.simswitch.channel import Channel
from adapter.simswitch.conference import Conference, Member
from adapter.simswitch.heard import Heard
from adapter.simswitch.session import Session
from adapter.simswitch.strings import atoi
from adapter.simswitch.switch import Switch

_ARGUMENT = re.compile(r"([^@+]*)(?:@([^+]*))?(?:\+flags\{([^}]*)\})?")
_ids = itertools.count(1)


def conference(switch: Switch, session: Session, data: str) -> None:
    """Enters the conference, which begins with its first member, and stays."""
    channel = session.channel
    found = _ARGUMENT.match(data.strip())
    if not found or not found[1]:
        return
    flags = frozenset((found[3] or "").replace(",", "|").split("|"))
    rooms = switch.conferences
    room = rooms.get(found[1])
    if room is None:
        waits = "wait-mod" in flags
        room = Conference(switch, rooms, found[1], found[2] or "default", waits=waits)
        room.max_members = atoi(channel.get("conference_max_members"))
    channel.answer()
    if 0 < room.max_members <= len(room.members):
        return
    member = _member(session, flags)
    for name, value in {
        "conference_name": room.name,
        "conference_uuid": room.uuid,
        "conference_member_id": str(member.id),
    }.items():
        channel.set(name, value)
    room.enter(member, channel.get("conference_enter_sound") or "")
    _stay(room, member)
    room.leave(member, channel.get("conference_exit_sound") or "")


def _member(session: Session, flags: frozenset[str]) -> Member:
    known = atoi(session.channel.get("conference_member_id"))
    speaks, hears = "mute" not in flags, "deaf" not in flags
    return Member(known or next(_ids), session, flags, speaks=speaks, hears=hears)


def _stay(room: Conference, member: Member) -> None:
    session, channel = member.session, member.session.channel
    record = Heard(channel.seconds_since_start(), "conference", room.name)
    channel.heard.append(record)
    while channel.ready and member.running and not session.flat:
        if session.has_messages:
            member.busy = True
            session.run_messages()
            member.busy = False
            room.resume(member)
        _take_digits(channel)
        if channel.ready and member.running and not session.has_messages:
            session.pause(session.look_again())
    record.ms = 1000 * (channel.seconds_since_start() - record.at)
    record.running = False


def _take_digits(channel: Channel) -> None:
    while channel.take_digit() is not None:
        pass
