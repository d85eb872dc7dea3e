"""The API commands about one call: `uuid_…`.

Source: mod_commands.c. Arguments are taken apart as the switch does it, and not expanded.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapter.simswitch.bridging import join
from adapter.simswitch.causes import cause_named
from adapter.simswitch.events import Event
from adapter.simswitch.messages import Message
from adapter.simswitch.referring import deflect
from adapter.simswitch.session import Session
from adapter.simswitch.strings import atoi, bracketed, separate, url_decode

if TYPE_CHECKING:
    from adapter.simswitch.switch import SimSwitch

NO_CHANNEL = "-ERR No such channel!\n"
NO_SESSION = "-ERR Cannot locate session!\n"
BROADCAST_LEAD_FRAMES = 5

RECORD_USAGE = "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"


def uuid_exists(switch: "SimSwitch", argument: str) -> str:
    return "true" if switch.session(argument) else "false"


def uuid_record(switch: "SimSwitch", argument: str) -> str:
    """`<uuid> start|stop|pause|resume|mask|unmask <path> [limit] [{variables}]`."""
    words = separate(argument, " ", 5)
    if len(words) < 3:
        return RECORD_USAGE
    session = switch.session(words[0])
    if session is None:
        return NO_SESSION
    action, path = words[1].lower(), words[2]
    if action == "start":
        return _start(switch, session, path, words[3:])
    known = _RECORD_ACTIONS.get(action)
    if known is None:
        return RECORD_USAGE
    run, failure = known
    return "+OK Success\n" if run(session, path) else f"-ERR Cannot {failure}!\n"


def _start(switch: "SimSwitch", session: Session, path: str, rest: list[str]) -> str:
    """A limit must stand before the variables, or these are dropped."""
    limit = atoi(rest[0]) if rest else 0
    variables = bracketed(url_decode(rest[1]))[0] if len(rest) > 1 else {}
    if not switch.settings.keeps_recording_variables:
        variables = {}
    started = session.channel.recordings.start(path, limit, variables)
    return "+OK Success\n" if started else "-ERR Cannot record session!\n"


_RECORD_ACTIONS: dict[str, tuple[Callable[[Session, str], bool], str]] = {
    "stop": (lambda s, path: s.channel.recordings.stop(path), "stop record session"),
    "pause": (lambda s, path: s.channel.recordings.pause(path, True), "pause recording session"),
    "resume": (
        lambda s, path: s.channel.recordings.pause(path, False),
        "resume recording session",
    ),
    "mask": (lambda s, path: s.channel.recordings.mask(path, True), "mask recording session"),
    "unmask": (
        lambda s, path: s.channel.recordings.mask(path, False),
        "unmask recording session",
    ),
}


def uuid_buglist(switch: "SimSwitch", argument: str) -> str:
    if not argument:
        return "-USAGE: <uuid>\n"
    session = switch.session(separate(argument)[0])
    if session is None:
        return ""
    bugs = "".join(
        " <media-bug>\n  <function>session_record</function>\n"
        f"  <target>{path}</target>\n  <thread-locked>0</thread-locked>\n </media-bug>\n"
        for path in session.channel.recordings.paths()
    )
    return f"<media-bugs>\n{bugs}</media-bugs>\n"


def uuid_setvar(switch: "SimSwitch", argument: str) -> str:
    words = separate(argument, " ", 3)
    if len(words) < 2:
        return "-USAGE: <uuid> <var> [value]\n"
    session = switch.session(words[0])
    if session is None:
        return NO_CHANNEL
    session.channel.set(words[1], words[2] if len(words) > 2 else None)
    return "+OK\n"


def uuid_setvar_multi(switch: "SimSwitch", argument: str) -> str:
    usage = "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"
    uuid, blank, rest = argument.partition(" ")
    if not blank:
        return usage
    session = switch.session(uuid)
    if session is None:
        return NO_CHANNEL + usage
    for pair in separate(rest, ";", 64):
        name, _, value = pair.partition("=")
        if name:
            session.channel.set(name, value)
    return "+OK\n"


def uuid_getvar(switch: "SimSwitch", argument: str) -> str:
    words = separate(argument, " ", 4)
    if len(words) < 2:
        return "-USAGE: <uuid> <var>\n"
    session = switch.session(words[0])
    if session is None:
        return NO_CHANNEL
    value = session.channel.get(words[1])
    return "_undef_" if value is None else value


def uuid_dump(switch: "SimSwitch", argument: str) -> str:
    words = separate(argument, " ", 2)
    if not words:
        return "-USAGE: <uuid> [format]\n"
    session = switch.session(words[0])
    if session is None:
        return NO_CHANNEL
    event = Event("CHANNEL_DATA", words[0], session.channel.data_blocks("CHANNEL_DATA"))
    if words[-1] == "json":
        return event.as_json().decode("utf-8", "surrogateescape")
    return event.as_plain().decode("utf-8", "surrogateescape")


def uuid_kill(switch: "SimSwitch", argument: str) -> str:
    uuid, _, cause = argument.partition(" ")
    if not uuid:
        return "-USAGE: <uuid> [cause]\n"
    session = switch.session(uuid)
    if session is None:
        return NO_CHANNEL
    session.channel.hangup(cause_named(cause) if cause else "NORMAL_CLEARING")
    return "+OK\n"


def uuid_answer(switch: "SimSwitch", argument: str) -> str:
    session = switch.session(argument)
    if session is None:
        return "-ERROR\n"
    session.channel.answer()
    return "+OK\n"


def uuid_pre_answer(switch: "SimSwitch", argument: str) -> str:
    session = switch.session(argument)
    if session is None:
        return "-ERROR\n"
    session.channel.pre_answer()
    return "+OK\n"


def uuid_break(switch: "SimSwitch", argument: str) -> str:
    """`<uuid> [all]`: ends what plays; `all` also forgets what is queued."""
    uuid, _, flag = argument.partition(" ")
    if not uuid:
        return "-USAGE: <uuid> [all]\n"
    session = switch.session(uuid)
    if session is None:
        return NO_CHANNEL
    if "all" in flag:
        session.flush_messages()
    session.break_off()
    return "+OK\n"


def uuid_broadcast(switch: "SimSwitch", argument: str) -> str:
    """`<uuid> <path>|<application>::<data>|<application>!<cause>::… [aleg]`."""
    words = separate(argument, " ", 4)
    if len(words) < 2:
        return "-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n"
    session = switch.session(words[0])
    if session is None:
        return "-ERR invalid uuid\n"
    application, colons, data = words[1].partition("::")
    if not colons:
        application, data = "playback", words[1]
    application, mark, cause = application.partition("!")
    lead = BROADCAST_LEAD_FRAMES
    session.submit(Message("execute", application, data, event_lock=True, lead_frames=lead))
    if mark:
        session.submit(Message("execute", "hangup", cause or "normal_clearing", event_lock=True))
    return "+OK Message sent\n"


def uuid_send_dtmf(switch: "SimSwitch", argument: str) -> str:
    words = separate(argument, " ", 2)
    if len(words) < 2:
        return "-USAGE: <uuid> <dtmf_data>\n"
    session = switch.session(words[0])
    if session is None:
        return NO_SESSION
    session.channel.sent_digits.append(words[1].partition("@")[0])
    return f"+OK {words[0]} sent DTMF {words[1]}.\n"


def uuid_recv_dtmf(switch: "SimSwitch", argument: str) -> str:
    words = separate(argument, " ", 2)
    if len(words) < 2:
        return "-USAGE: <uuid> <dtmf_data>\n"
    session = switch.session(words[0])
    if session is None:
        return NO_SESSION
    session.channel.queue_digits(words[1].partition("@")[0], "APP")
    return f"+OK {words[0]} received DTMF {words[1]}.\n"


def uuid_flush_dtmf(switch: "SimSwitch", argument: str) -> str:
    session = switch.session(argument)
    if session is None:
        return "-ERR no session\n"
    session.channel.digits.clear()
    return "+OK\n"


def uuid_audio(switch: "SimSwitch", argument: str) -> str:
    """Accepted and remembered nowhere: levels are not simulated."""
    words = argument.split(" ")
    usage = "-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n"
    if len(words) < 2:
        return usage
    if switch.session(words[0]) is None:
        return NO_CHANNEL
    starts = words[1].lower() == "start" and len(words) >= 5 and words[2] in {"read", "write"}
    return "+OK\n" if starts or words[1].lower() == "stop" else usage


def uuid_fileman(switch: "SimSwitch", argument: str) -> str:
    """`<uuid> pause`: what plays stands still, or goes on."""
    words = separate(argument, " ", 4)
    if len(words) < 2:
        return "-USAGE: <uuid> <cmd>:<val>\n"
    session = switch.session(words[0])
    if session is None:
        return NO_CHANNEL
    if session.file is None:
        return "-ERR No file handle!\n"
    if words[1] == "pause":
        session.file.paused = not session.file.paused
        session.wake()
    return "+OK\n"


def uuid_send_info(switch: "SimSwitch", argument: str) -> str:
    """`<uuid> [<type> <subtype>] <message>`; what was sent is kept with the call's digits."""
    words = argument.split(" ", 3)
    session = switch.session(words[0])
    if session is None:
        return "-ERR Operation Failed\n"
    session.channel.sent_info.append(words[-1])
    return "+OK Success\n"


def uuid_preprocess(switch: "SimSwitch", argument: str) -> str:
    """Accepted and remembered nowhere: there is no noise here."""
    words = argument.split(" ")
    if len(words) < 2:
        return "-USAGE: <>\n"
    return "+OK Success\n" if switch.session(words[0]) else "-ERR Cannot locate session!\n"


def uuid_deflect(switch: "SimSwitch", argument: str) -> str:
    """`<uuid> <uri>`: a REFER; the answer to it is awaited elsewhere."""
    uuid, _, uri = argument.partition(" ")
    if not uri:
        return "-USAGE: <uuid> <uri>\n"
    session = switch.session(uuid)
    if session is None:
        return f"-ERR No such channel {uuid}!\n"
    deflect(switch, session.channel, uri)
    return "+OK:(null)\n"


def uuid_jitterbuffer(switch: "SimSwitch", argument: str) -> str:
    """Accepted and remembered nowhere: no packet is ever late here."""
    found = switch.session(argument.partition(" ")[0])
    return "+OK Success\n" if found else "-ERR Cannot locate session\n"


def uuid_transfer(switch: "SimSwitch", argument: str) -> str:
    words = separate(argument, " ", 5)
    if len(words) < 2:
        return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
    session = switch.session(words[0])
    if session is None:
        return NO_CHANNEL
    target = [word for word in words[1:] if not word.startswith("-")]
    other = switch.session(session.channel.variables.get("bridge_uuid") or "")
    chosen: dict[str, list[Session | None]]
    chosen = {"-bleg": [other or session], "-both": [other, session]}
    for one in chosen.get(words[1], [session]):
        if one is not None and target:
            context = target[2] if len(target) > 2 else one.channel.facts.context
            one.transfer(target[0], context)
    return "+OK\n"


def uuid_bridge(switch: "SimSwitch", argument: str) -> str:
    """`<uuid> <other uuid>`: both leave what they do and talk with each other."""
    words = separate(argument, " ", 10)
    if len(words) < 2:
        return "-USAGE: <uuid> <other_uuid>\n"
    first, second = (switch.session(word) for word in words[:2])
    if first is None or second is None:
        return f"-ERR Invalid uuid{'' if first else f' [{words[0]}]'}\n"
    if not first.channel.has_media:
        first, second = second, first
    if not first.channel.has_media:
        return "-ERR Invalid uuid\n"
    join(first, second)
    return f"+OK {second.channel.uuid}\n"


def sched_hangup(switch: "SimSwitch", argument: str) -> str:
    words = separate(argument, " ", 4)
    if len(words) < 2:
        return "-USAGE: [+]<time> <uuid> [<cause>]\n"
    session = switch.session(words[1])
    if session is None:
        return NO_CHANNEL
    cause = cause_named(words[2]) if len(words) > 2 else "ALLOTTED_TIMEOUT"
    switch.schedule_hangup(session.channel, words[0], cause)
    return "+OK\n"


CALL_COMMANDS: dict[str, Callable[["SimSwitch", str], str]] = {
    "uuid_exists": uuid_exists,
    "uuid_record": uuid_record,
    "uuid_buglist": uuid_buglist,
    "uuid_setvar": uuid_setvar,
    "uuid_setvar_multi": uuid_setvar_multi,
    "uuid_getvar": uuid_getvar,
    "uuid_dump": uuid_dump,
    "uuid_kill": uuid_kill,
    "uuid_answer": uuid_answer,
    "uuid_pre_answer": uuid_pre_answer,
    "uuid_break": uuid_break,
    "break": uuid_break,
    "uuid_broadcast": uuid_broadcast,
    "uuid_send_dtmf": uuid_send_dtmf,
    "uuid_recv_dtmf": uuid_recv_dtmf,
    "uuid_flush_dtmf": uuid_flush_dtmf,
    "uuid_audio": uuid_audio,
    "uuid_fileman": uuid_fileman,
    "uuid_deflect": uuid_deflect,
    "uuid_jitterbuffer": uuid_jitterbuffer,
    "uuid_preprocess": uuid_preprocess,
    "uuid_send_info": uuid_send_info,
    "uuid_transfer": uuid_transfer,
    "uuid_bridge": uuid_bridge,
    "sched_hangup": sched_hangup,
}
