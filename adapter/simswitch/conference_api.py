"""`conference …`: what a conference is asked and told. Source: conference_api.c."""

from collections.abc import Callable

from adapter.simswitch.conference import Conference, Member
from adapter.simswitch.strings import atoi, separate
from adapter.simswitch.switch import Switch


def conference(switch: Switch, argument: str) -> str:
    """`NAME command …`, or `list` of all where there is no conference of that name."""
    words = separate(argument, " ", 25)
    room = switch.conferences.get(words[0]) if words else None
    if room is None:
        if words and words[0].lower() == "list":
            rooms = switch.conferences.values()
            return "".join(map(_summary, rooms)) or "+OK No active conferences.\n"
        return f"-ERR Conference {words[0] if words else ''} not found\n"
    command, *rest = words[1:] or [""]
    if run := _ROOM_COMMANDS.get(command.lower()):
        return run(room, rest)
    if change := _MEMBER_COMMANDS.get(command.lower()):
        return "".join(change(room, member) for member in _named(room, rest[:1])) or (
            f"-ERR Non-Existant ID {atoi((rest or ['0'])[0])}\n"
        )
    return f"-ERR Conference command '{command}' not found.\n"


def _named(room: Conference, words: list[str]) -> list[Member]:
    if words == ["all"]:
        return list(room.members)
    found = room.find(atoi((words or ["0"])[0]))
    return [found] if found else []


def _summary(room: Conference) -> str:
    count = len(room.members)
    return f"+OK Conference {room.name} ({count} member{'s' * (count != 1)} rate: 8000)\n" + _list(
        room, []
    )


def _list(room: Conference, _words: list[str]) -> str:
    return "".join(
        f"{one.id};{one.session.channel.name};{one.session.channel.uuid};"
        f"{one.session.channel.facts.from_name};{one.session.channel.facts.from_number};"
        f"{'hear|' * one.hears}{'speak' * one.speaks}{'|moderator' * one.moderator};0;0;100\n"
        for one in room.members
    )


def _get(room: Conference, words: list[str]) -> str:
    values = {
        "count": str(len(room.members)),
        "uuid": room.uuid,
        "max_members": str(room.max_members),
        "profile_name": room.profile,
        "wait_mod": "true" if room.waits else "",
    }
    return values.get((words or [""])[0].lower(), "")


def _set(room: Conference, words: list[str]) -> str:
    if words[:1] != ["max_members"] or len(words) < 2:
        return "-USAGE: set <max_members> <value>\n"
    before, room.max_members = room.max_members, atoi(words[1])
    return str(before)


def _setvar(room: Conference, words: list[str]) -> str:
    if words:
        room.variables[words[0]] = (words[1:] or [""])[0]
    return "+OK\n"


def _getvar(room: Conference, words: list[str]) -> str:
    return room.variables.get((words or [""])[0], "")


def _relate(room: Conference, words: list[str]) -> str:
    if len(words) < 3:
        return "+OK No relationships\n"
    speakers, listeners = (map(atoi, word.split(",")) for word in words[:2])
    for pair in [(one, other) for one in speakers for other in list(listeners)]:
        if "nospeak" in words[2]:
            room.kept_apart.add(pair)
        if words[2] == "clear":
            room.kept_apart.discard(pair)
    room.remix()
    return f"+OK {words[0]}->{words[1]} {words[2]} set\n"


def _recording(room: Conference, words: list[str]) -> str:
    action, path = (words or ["check"])[0].lower(), (words[1:] or ["all"])[0]
    if action == "start":
        if any(tape.path == path for tape in room.tapes):
            return f"-ERR file [{path}] is already being used for recording.\n"
        room.record(path)
        return f"+OK Record file {path}\n"
    if action == "stop":
        found = [tape for tape in room.tapes if path in ("all", tape.path)]
        for tape in found:
            room.stop_recording(tape)
        return "".join(f"Stopped recording file {tape.path}\n" for tape in found) or "-ERR none\n"
    lines = "".join(f"+OK Record file {tape.path}\n" for tape in room.tapes)
    return lines or "-ERR Conference is not being recorded.\n"


def _change(action: str, word: str, **values: bool) -> Callable[[Conference, Member], str]:
    def change(room: Conference, member: Member) -> str:
        for name, value in values.items():
            setattr(member, name, value)
        room.remix()
        room.fire(action, member)
        member.session.rouse()
        return f"+OK {word} {member.id}\n"

    return change


_ROOM_COMMANDS: dict[str, Callable[[Conference, list[str]], str]] = {
    "list": _list,
    "get": _get,
    "set": _set,
    "setvar": _setvar,
    "getvar": _getvar,
    "relate": _relate,
    "recording": _recording,
}
_MEMBER_COMMANDS: dict[str, Callable[[Conference, Member], str]] = {
    "mute": _change("mute-member", "mute", speaks=False),
    "unmute": _change("unmute-member", "unmute", speaks=True),
    "deaf": _change("deaf-member", "deaf", hears=False),
    "undeaf": _change("undeaf-member", "undeaf", hears=True),
    "hold": _change("hold-member", "hold", on_hold=True),
    "unhold": _change("unhold-member", "unhold", on_hold=False),
    "kick": _change("kick-member", "kicked", running=False),
    "hup": _change("hup-member", "hup", running=False),
}
