"""The API commands about one call: `uuid_…`.

Source: mod_commands.c. Arguments are taken apart as the switch does it, and not expanded.
"""

import re
from collections.abc import Callable

from adapter.simswitch.bridging import join
from adapter.simswitch.causes import cause_named
from adapter.simswitch.events import Event
from adapter.simswitch.messages import Message
from adapter.simswitch.referring import deflect
from adapter.simswitch.session import Session
from adapter.simswitch.strings import atoi, bracketed, separate, url_decode
from adapter.simswitch.switch import Switch

Command = Callable[[Switch, str], str]
OfCall = Callable[[Switch, Session, list[str]], str]

DONE = "+OK\n"
SUCCESS = "+OK Success\n"
NO_CHANNEL = "-ERR No such channel!\n"
NO_SESSION = "-ERR Cannot locate session!\n"
BROADCAST_LEAD_FRAMES = 5

CALL_COMMANDS: dict[str, Command] = {}


def of_call(
    usage: str = "<uuid>", *, least: int = 1, most: int = 4, missing: str = NO_CHANNEL
) -> Callable[[OfCall], OfCall]:
    """Registers a command by its function's name.

    The function gets the call that the first word names, and the other words: of `most` in all the
    last takes the rest. With less than `least` it answers its usage; `missing`: there is no such
    call.
    """

    def register(run: OfCall) -> OfCall:
        def command(switch: Switch, argument: str) -> str:
            words = separate(argument, " ", most)
            if len(words) < least:
                return f"-USAGE: {usage}\n"
            session = switch.session(words[0]) if words else None
            return missing if session is None else run(switch, session, words[1:])

        CALL_COMMANDS[run.__name__] = command
        return run

    return register


@of_call(least=0, missing="false")
def uuid_exists(_switch: Switch, _session: Session, _words: list[str]) -> str:
    return "true"


RECORD_USAGE = "<uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]"


@of_call(RECORD_USAGE, least=3, most=5, missing=NO_SESSION)
def uuid_record(switch: Switch, session: Session, words: list[str]) -> str:
    """`<uuid> start|stop|pause|resume|mask|unmask <path> [limit] [{variables}]`."""
    action, path = words[0].lower(), words[1]
    if action == "start":
        return _start(switch, session, path, words[2:])
    known = _RECORD_ACTIONS.get(action)
    if known is None:
        return f"-USAGE: {RECORD_USAGE}\n"
    run, failure = known
    return SUCCESS if run(session, path) else f"-ERR Cannot {failure}!\n"


def _start(switch: Switch, session: Session, path: str, rest: list[str]) -> str:
    """A limit must stand before the variables, or these are dropped."""
    limit = atoi(rest[0]) if rest else 0
    variables = bracketed(url_decode(rest[1]))[0] if len(rest) > 1 else {}
    if not switch.settings.keeps_recording_variables:
        variables = {}
    started = session.recordings.start(path, limit, variables)
    return SUCCESS if started else "-ERR Cannot record session!\n"


_RECORD_ACTIONS: dict[str, tuple[Callable[[Session, str], bool], str]] = {
    "stop": (lambda s, path: s.recordings.stop(path), "stop record session"),
    "pause": (lambda s, path: s.recordings.pause(path, True), "pause recording session"),
    "resume": (
        lambda s, path: s.recordings.pause(path, False),
        "resume recording session",
    ),
    "mask": (lambda s, path: s.recordings.mask(path, True), "mask recording session"),
    "unmask": (
        lambda s, path: s.recordings.mask(path, False),
        "unmask recording session",
    ),
}


@of_call(missing="")
def uuid_buglist(_switch: Switch, session: Session, _words: list[str]) -> str:
    bugs = "".join(
        " <media-bug>\n  <function>session_record</function>\n"
        f"  <target>{path}</target>\n  <thread-locked>0</thread-locked>\n </media-bug>\n"
        for path in session.recordings.paths()
    )
    for bug in session.forks:
        bugs += f" <media-bug>\n  <function>{bug}</function>\n </media-bug>\n"
    return f"<media-bugs>\n{bugs}</media-bugs>\n"


@of_call("<uuid> <var> [value]", least=2, most=3)
def uuid_setvar(_switch: Switch, session: Session, words: list[str]) -> str:
    session.channel.set(words[0], words[1] if len(words) > 1 else None)
    return DONE


_SEVERAL = "<uuid> <var>=<value>;<var>=<value>..."


@of_call(_SEVERAL, least=2, most=2, missing=f"{NO_CHANNEL}-USAGE: {_SEVERAL}\n")
def uuid_setvar_multi(_switch: Switch, session: Session, words: list[str]) -> str:
    for pair in separate(words[0], ";", 64):
        name, _, value = pair.partition("=")
        if name:
            session.channel.set(name, value)
    return DONE


@of_call("<uuid> <var>", least=2)
def uuid_getvar(_switch: Switch, session: Session, words: list[str]) -> str:
    value = session.channel.get(words[0])
    return "_undef_" if value is None else value


@of_call("<uuid> [format]", most=2)
def uuid_dump(_switch: Switch, session: Session, words: list[str]) -> str:
    channel = session.channel
    event = Event("CHANNEL_DATA", channel.uuid, channel.data_blocks("CHANNEL_DATA"))
    dumped = event.as_json() if words == ["json"] else event.as_plain()
    return dumped.decode("utf-8", "surrogateescape")


@of_call("<uuid> [cause]", most=2)
def uuid_kill(_switch: Switch, session: Session, words: list[str]) -> str:
    session.channel.hangup(cause_named(words[0]) if words else "NORMAL_CLEARING")
    return DONE


@of_call(least=0, missing="-ERROR\n")
def uuid_answer(_switch: Switch, session: Session, _words: list[str]) -> str:
    session.channel.answer()
    return DONE


@of_call(least=0, missing="-ERROR\n")
def uuid_ring_ready(_switch: Switch, _session: Session, _words: list[str]) -> str:
    return DONE


@of_call(least=0, missing="-ERROR\n")
def uuid_pre_answer(_switch: Switch, session: Session, _words: list[str]) -> str:
    session.channel.pre_answer()
    return DONE


@of_call("<uuid> [all]", most=2)
def uuid_break(_switch: Switch, session: Session, words: list[str]) -> str:
    """`<uuid> [all]`: ends what plays; `all` also forgets what is queued."""
    if words and "all" in words[0]:
        session.flush_messages()
    session.break_off()
    return DONE


CALL_COMMANDS["break"] = CALL_COMMANDS["uuid_break"]


@of_call("<uuid> <path> [aleg|bleg|holdb|both]", least=2, missing="-ERR invalid uuid\n")
def uuid_broadcast(_switch: Switch, session: Session, words: list[str]) -> str:
    """`<uuid> <path>|<application>::<data>|<application>!<cause>::… [aleg]`."""
    application, colons, data = words[0].partition("::")
    if not colons:
        application, data = "playback", words[0]
    application, mark, cause = application.partition("!")
    lead = BROADCAST_LEAD_FRAMES
    session.submit(Message("execute", application, data, event_lock=True, lead_frames=lead))
    if mark:
        session.submit(Message("execute", "hangup", cause or "normal_clearing", event_lock=True))
    return "+OK Message sent\n"


@of_call("<uuid> <dtmf_data>", least=2, most=2, missing=NO_SESSION)
def uuid_send_dtmf(_switch: Switch, session: Session, words: list[str]) -> str:
    digits = words[0].partition("@")[0]
    session.channel.sent_digits.append(digits)
    if session.wired is not None:
        session.wired.channel.queue_digits(re.sub("[wW]", "", digits), "RTP")
    return f"+OK {session.channel.uuid} sent DTMF {words[0]}.\n"


@of_call("<uuid> <dtmf_data>", least=2, most=2, missing=NO_SESSION)
def uuid_recv_dtmf(_switch: Switch, session: Session, words: list[str]) -> str:
    session.channel.queue_digits(words[0].partition("@")[0], "APP")
    return f"+OK {session.channel.uuid} received DTMF {words[0]}.\n"


@of_call(least=0, missing="-ERR no session\n")
def uuid_flush_dtmf(_switch: Switch, session: Session, _words: list[str]) -> str:
    session.channel.digits.clear()
    return DONE


_AUDIO = "<uuid> [start [read|write] [mute|level <level>]|stop]"


@of_call(_AUDIO, least=2, most=5)
def uuid_audio(_switch: Switch, _session: Session, words: list[str]) -> str:
    """Accepted and remembered nowhere: levels are not simulated."""
    action = words[0].lower()
    starts = action == "start" and len(words) >= 4 and words[1] in {"read", "write"}
    return DONE if starts or action == "stop" else f"-USAGE: {_AUDIO}\n"


@of_call("<uuid> <cmd>:<val>", least=2)
def uuid_fileman(_switch: Switch, session: Session, words: list[str]) -> str:
    """`<uuid> pause`: what plays stands still, or goes on."""
    if session.file is None:
        return "-ERR No file handle!\n"
    if words[0] == "pause":
        session.file.paused = not session.file.paused
        session.wake()
    return DONE


@of_call("<uuid> [<type> <subtype>] <message>", least=2, missing="-ERR Operation Failed\n")
def uuid_send_info(_switch: Switch, session: Session, words: list[str]) -> str:
    """`<uuid> [<type> <subtype>] <message>`; what was sent is kept with the call's digits."""
    session.channel.sent_info.append(words[-1])
    return SUCCESS


@of_call("<>", least=2, missing=NO_SESSION)
def uuid_preprocess(_switch: Switch, _session: Session, _words: list[str]) -> str:
    """Accepted and remembered nowhere: there is no noise here."""
    return SUCCESS


@of_call("<uuid> <uri>", least=2, most=2)
def uuid_deflect(switch: Switch, session: Session, words: list[str]) -> str:
    """`<uuid> <uri>`: a REFER; the answer to it is awaited elsewhere."""
    deflect(switch, session.channel, words[0])
    return "+OK:(null)\n"


@of_call(least=0, missing="-ERR Cannot locate session\n")
def uuid_jitterbuffer(_switch: Switch, _session: Session, _words: list[str]) -> str:
    """Accepted and remembered nowhere: no packet is ever late here."""
    return SUCCESS


@of_call("<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]", least=2, most=5)
def uuid_transfer(switch: Switch, session: Session, words: list[str]) -> str:
    target = [word for word in words if not word.startswith("-")]
    other = switch.session(session.channel.variables.get("bridge_uuid") or "")
    chosen: dict[str, list[Session | None]]
    chosen = {"-bleg": [other or session], "-both": [other, session]}
    for one in chosen.get(words[0], [session]):
        if one is not None and target:
            _send(one, target)
    return DONE


def _send(session: Session, target: list[str]) -> None:
    if target[1:2] == ["inline"]:
        session.run_inline(target[0])
        return
    session.transfer(target[0], target[2] if len(target) > 2 else session.channel.facts.context)


def uuid_bridge(switch: Switch, argument: str) -> str:
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


def sched_hangup(switch: Switch, argument: str) -> str:
    words = separate(argument, " ", 4)
    if len(words) < 2:
        return "-USAGE: [+]<time> <uuid> [<cause>]\n"
    session = switch.session(words[1])
    if session is None:
        return NO_CHANNEL
    cause = cause_named(words[2]) if len(words) > 2 else "ALLOTTED_TIMEOUT"
    switch.schedule_hangup(session.channel, words[0], cause)
    return DONE


CALL_COMMANDS |= {"uuid_bridge": uuid_bridge, "sched_hangup": sched_hangup}
