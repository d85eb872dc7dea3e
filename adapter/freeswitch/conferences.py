"""What mod_conference is told and asked, and how a conference is named there. Pure.

A conference's name stands in an application's argument (`name@profile+flags{…}`,
mod_conference.c, `conference_function`) and in API calls (`conference name command`,
conference_api.c), so only plain characters are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from adapter.freeswitch import commands
from adapter.freeswitch.errors import UnsafeValue

EVENTS = "conference::maintenance"
"""Subclass of the CUSTOM events about conferences. Those that are about a member carry the
member's Unique-ID and pass our filter; those about the whole conference have none."""

LONGEST_NAME = 200

_COMMANDS = frozenset({"list", "count", "xml_list", "json_list", "help", "commands"})
"""`conference list` is a command while there is no conference of that name."""

_NAME = "Conference-Name"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a conference."""

    id: str
    uuid: str


def room(name: str, owner: str = "") -> str:
    """The switch's name of a conference; raises `UnsafeValue` for one that is none.

    Plain names stay as they are, so that other extensions can lead into the same conference; any
    other character is written `=XX`. `owner` tells conferences of the same name apart.
    """
    if not name or len(name) > LONGEST_NAME:
        raise UnsafeValue(f"a conference's name has 1 to {LONGEST_NAME} characters")
    plain = _escaped(name)
    if plain.lower() in _COMMANDS:
        plain = f"={ord(plain[0]):02X}{plain[1:]}"
    return f"{plain}~{_escaped(owner)}" if owner else plain


def _escaped(text: str) -> str:
    return quote(text, safe="", errors="replace").replace("~", "%7E").replace("%", "=")


def join(name: str, profile: str, flags: Iterable[str]) -> str:
    """The argument of the application `conference`."""
    return f"{commands.word(name)}@{commands.word(profile)}+flags{{{'|'.join(flags)}}}"


def listen() -> bytes:
    """Have conference events sent that pass our filter."""
    return commands.subscribe(("CUSTOM", EVENTS))


def watch(name: str) -> bytes:
    """Let all events of a conference pass as well, whoever they are about."""
    return commands.add_filter(_NAME, name)


def unwatch(name: str) -> bytes:
    """Take that back."""
    return commands.remove_filter(_NAME, name)


def ask(name: str, what: str) -> bytes:
    """`count`, `uuid`, `wait_mod` of a conference (conference_api_sub_get)."""
    return commands.api("conference", commands.word(name), "get", what)


def members(name: str) -> bytes:
    """List who is in a conference."""
    return commands.api("conference", commands.word(name), "list")


def parsed_members(reply: str) -> list[Member]:
    """What `members` answered: lines of `id;channel;uuid;…`."""
    fields = (line.split(";") for line in reply.splitlines())
    return [Member(found[0], found[2]) for found in fields if len(found) > 5]


def remember(name: str, variable: str, value: str) -> bytes:
    """Set a variable of a conference: every later event of it has it as a header."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise UnsafeValue(f"this is no value for a conference: {value[:60]!r}")
    return commands.api("conference", commands.word(name), "setvar", commands.word(variable), value)


def let_hear(name: str, member: str) -> bytes:
    """A member that was deaf hears from now on."""
    return commands.api("conference", commands.word(name), "undeaf", commands.word(member))


def let_speak(name: str, member: str) -> bytes:
    """A member that was muted is heard from now on; nothing is announced to it."""
    words = (commands.word(name), "unmute", commands.word(member), "quiet")
    return commands.api("conference", *words)


def leave(name: str, member: str) -> bytes:
    """A member goes; its call goes on."""
    return commands.api("conference", commands.word(name), "hup", commands.word(member))


def empty(name: str) -> bytes:
    """All members go, and so does the conference; their calls go on."""
    return commands.api("conference", commands.word(name), "hup", "all")


def empty_in(name: str, seconds: int) -> bytes:
    """The same in so many seconds, whether we live or not."""
    room = commands.word(name)
    return commands.api("sched_api", f"+{seconds:d}", "none", "conference", room, "hup", "all")


def keep_from(name: str, speaker: str, listener: str) -> bytes:
    """What one member says is not heard by another one."""
    words = (commands.word(name), "relate", commands.word(speaker), commands.word(listener))
    return commands.api("conference", *words, "nospeak")


def record(name: str, path: str) -> bytes:
    """Record a conference until it ends."""
    return commands.api(
        "conference", commands.word(name), "recording", "start", commands.word(path)
    )


def recordings(name: str) -> bytes:
    """List the files that a conference is being recorded to."""
    return commands.api("conference", commands.word(name), "recording", "check")
