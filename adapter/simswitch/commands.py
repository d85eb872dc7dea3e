"""The commands of the event socket, found by the beginning of their line.

Source: mod_event_socket.c (parse_command), in its order: what a connection without `full` may
not say ends in `command not found`.
"""

from collections.abc import Callable

from adapter.simswitch import frames
from adapter.simswitch.events import Block
from adapter.simswitch.frames import Command
from adapter.simswitch.messages import message_from
from adapter.simswitch.peer import Peer
from adapter.simswitch.strings import atoi, is_true, new_uuid
from adapter.simswitch.switch import Switch

NOT_FOUND = "-ERR command not found"

Handler = Callable[[Switch, Peer, Command], bytes]


def handle(switch: Switch, peer: Peer, command: Command) -> bytes:
    """Does what a command says; returns the bytes of its answer."""
    line = command.line.lower()
    if line.startswith(("exit", "...")):
        peer.ends_after_reply = True
        return frames.reply("+OK bye")
    if not peer.authenticated:
        return _authenticate(switch, peer, command)
    word = line.partition(" ")[0]
    for prefix, allowed, handler in _BY_WORD.get(word, _TABLE):
        if line.startswith(prefix) and allowed(peer):
            return handler(switch, peer, command)
    return frames.reply(NOT_FOUND)


def _authenticate(switch: Switch, peer: Peer, command: Command) -> bytes:
    if not command.line.lower().startswith("auth "):
        return frames.reply(NOT_FOUND)
    if command.line[5:] == switch.settings.password:
        peer.authenticated = True
        return frames.reply("+OK accepted")
    peer.ends_after_reply = True
    return frames.reply("-ERR invalid")


def _anyone(_peer: Peer) -> bool:
    return True


def _controlling(peer: Peer) -> bool:
    return peer.session is not None


def _full(peer: Peer) -> bool:
    return peer.full


def _filter(switch: Switch, peer: Peer, command: Command) -> bytes:
    return _changed(switch, peer, peer.subscription.filter(command.line[7:]))


def _resume(_switch: Switch, peer: Peer, _command: Command) -> bytes:
    peer.resumes = True
    if peer.session is not None:
        peer.session.channel.set("socket_resume", "true")
    return frames.reply("+OK")


def _connect(_switch: Switch, peer: Peer, _command: Command) -> bytes:
    """The call's data as one reply without a body."""
    peer.connected = True
    if peer.session is None:
        return frames.reply(NOT_FOUND)
    channel = peer.session.channel
    head, *rest = channel.data_blocks("CHANNEL_DATA")
    ending = {
        "Content-Type": "command/reply",
        "Reply-Text": "+OK\n",
        "Socket-Mode": "async" if peer.runs_async else "static",
        "Control": "full" if peer.full else "single-channel",
    }
    blocks = [head, channel.connect_headers(), *rest, Block(ending)]
    peer.session.wake()
    return b"".join([block.plain for block in blocks]) + b"\n"


def _getvar(_switch: Switch, peer: Peer, command: Command) -> bytes:
    name = command.line.partition(" ")[2]
    value = peer.session.channel.get(name) if peer.session and name else None
    return frames.reply(value or NOT_FOUND)


def _myevents(switch: Switch, peer: Peer, command: Command) -> bytes:
    if peer.session is not None:
        uuid = peer.session.channel.uuid
    else:
        uuid = command.line[9:].partition(" ")[0]
        if switch.session(uuid) is None:
            return frames.reply("-ERR invalid uuid")
    return _changed(switch, peer, peer.subscription.myevents(uuid, command.line))


def _changed(switch: Switch, peer: Peer, answer: str) -> bytes:
    switch.subscription_changed(peer)
    return frames.reply(answer)


def _divert_events(_switch: Switch, peer: Peer, command: Command) -> bytes:
    if peer.session is None:
        return frames.reply("-ERR not controlling a session.")
    word = command.line[13:].strip().lower()
    if not word:
        return frames.reply("-ERR missing value.")
    peer.session.channel.diverts_events = word == "on"
    return frames.reply(f"+OK events {'' if word == 'on' else 'not '}diverted")


def _sendmsg(switch: Switch, peer: Peer, command: Command) -> bytes:
    uuid = command.line[7:].strip(" ") or command.get("session-id") or ""
    session = peer.session
    if uuid and (session is None or uuid != session.channel.uuid):
        session = switch.session(uuid)
    if session is None:
        return frames.reply(f"-ERR invalid session id [{uuid}]")
    session.submit(message_from(command.headers, command.body))
    return frames.reply("+OK")


def _sendevent(switch: Switch, _peer: Peer, command: Command) -> bytes:
    uuid = new_uuid()
    switch.send_event(command, uuid)
    return frames.reply(f"+OK {uuid}")


def _api(switch: Switch, _peer: Peer, command: Command) -> bytes:
    name, _, argument = command.line[4:].partition(" ")
    if is_true(command.get("console_execute")):
        name, _, argument = command.line[4:].strip().partition(" ")
    return frames.api_response(switch.api(name, argument))


def _bgapi(switch: Switch, peer: Peer, command: Command) -> bytes:
    name, _, argument = command.line[6:].partition(" ")
    job = command.get("job-uuid") or new_uuid()
    owner = peer.session.channel.uuid if peer.session else ""
    switch.run_job(job, owner, name, argument)
    return frames.reply(f"~Reply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n")


def _log(_switch: Switch, _peer: Peer, command: Command) -> bytes:
    level = command.line[3:].strip().partition(" ")[0]
    return frames.reply(f"+OK log level {level} [7]")


def _linger(_switch: Switch, peer: Peer, command: Command) -> bytes:
    if peer.session is None:
        return frames.reply("-ERR not controlling a session")
    seconds = command.line[6:].strip(" ")
    peer.linger = atoi(seconds) if seconds else -1
    return frames.reply(f"+OK will linger {peer.linger} seconds" if seconds else LINGERS)


LINGERS = "+OK will linger"


def _nolinger(_switch: Switch, peer: Peer, _command: Command) -> bytes:
    if peer.session is None:
        return frames.reply("-ERR not controlling a session")
    peer.linger = None
    return frames.reply("+OK will not linger")


def _nolog(_switch: Switch, _peer: Peer, _command: Command) -> bytes:
    return frames.reply("-ERR not loging")


def _event(switch: Switch, peer: Peer, command: Command) -> bytes:
    words = command.line.partition(" ")[2]
    return _changed(switch, peer, peer.subscription.event(words))


def _nixevent(switch: Switch, peer: Peer, command: Command) -> bytes:
    words = command.line.partition(" ")[2]
    return _changed(switch, peer, peer.subscription.nixevent(words))


def _noevents(switch: Switch, peer: Peer, _command: Command) -> bytes:
    return _changed(switch, peer, peer.subscription.noevents())


_TABLE: tuple[tuple[str, Callable[[Peer], bool], Handler], ...] = (
    ("filter ", _anyone, _filter),
    ("resume", _controlling, _resume),
    ("connect", _controlling, _connect),
    ("getvar", _controlling, _getvar),
    ("myevents", _controlling, _myevents),
    ("myevents ", _anyone, _myevents),
    ("divert_events", _anyone, _divert_events),
    ("sendmsg", _anyone, _sendmsg),
    ("sendevent", _full, _sendevent),
    ("api ", _full, _api),
    ("bgapi ", _full, _bgapi),
    ("log", _full, _log),
    ("linger", _full, _linger),
    ("nolinger", _full, _nolinger),
    ("nolog", _full, _nolog),
    ("event", _full, _event),
    ("nixevent", _full, _nixevent),
    ("noevents", _full, _noevents),
)

# the same by the first word, where that is a whole command
_BY_WORD = {
    prefix.strip(): tuple(row for row in _TABLE if prefix.startswith(row[0].strip()))
    for prefix, _, _ in _TABLE
}
