"""The commands of the event socket, found by the beginning of their line.

Source: mod_event_socket.c (parse_command), in its order: what a connection without `full` may
not say ends in `command not found`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapter.simswitch import frames
from adapter.simswitch.events import Block
from adapter.simswitch.frames import Command
from adapter.simswitch.messages import message_from
from adapter.simswitch.strings import atoi, is_true, new_uuid

if TYPE_CHECKING:
    from adapter.simswitch.connection import Connection

NOT_FOUND = "-ERR command not found"

Handler = Callable[["Connection", Command], bytes]


def handle(connection: "Connection", command: Command) -> bytes:
    """Does what a command says; returns the bytes of its answer."""
    line = command.line.lower()
    if line.startswith(("exit", "...")):
        connection.end_after_reply()
        return frames.reply("+OK bye")
    if not connection.authenticated:
        return _authenticate(connection, command)
    word = line.partition(" ")[0]
    for prefix, allowed, handler in _BY_WORD.get(word, _TABLE):
        if line.startswith(prefix) and allowed(connection):
            return handler(connection, command)
    return frames.reply(NOT_FOUND)


def _authenticate(connection: "Connection", command: Command) -> bytes:
    if not command.line.lower().startswith("auth "):
        return frames.reply(NOT_FOUND)
    if command.line[5:] == connection.switch.settings.password:
        connection.authenticated = True
        return frames.reply("+OK accepted")
    connection.end_after_reply()
    return frames.reply("-ERR invalid")


def _anyone(_connection: "Connection") -> bool:
    return True


def _controlling(connection: "Connection") -> bool:
    return connection.session is not None


def _full(connection: "Connection") -> bool:
    return connection.full


def _filter(connection: "Connection", command: Command) -> bytes:
    return _changed(connection, connection.subscription.filter(command.line[7:]))


def _resume(connection: "Connection", _command: Command) -> bytes:
    connection.resumes = True
    if connection.session is not None:
        connection.session.channel.set("socket_resume", "true")
    return frames.reply("+OK")


def _connect(connection: "Connection", _command: Command) -> bytes:
    """The call's data as one reply without a body."""
    connection.connected = True
    if connection.session is None:
        return frames.reply(NOT_FOUND)
    channel = connection.session.channel
    head, *rest = channel.data_blocks("CHANNEL_DATA")
    ending = {
        "Content-Type": "command/reply",
        "Reply-Text": "+OK\n",
        "Socket-Mode": "async" if connection.runs_async else "static",
        "Control": "full" if connection.full else "single-channel",
    }
    blocks = [head, channel.connect_headers(), *rest, Block(ending)]
    connection.session.wake()
    return b"".join([block.plain for block in blocks]) + b"\n"


def _getvar(connection: "Connection", command: Command) -> bytes:
    name = command.line.partition(" ")[2]
    value = connection.session.channel.get(name) if connection.session and name else None
    return frames.reply(value or NOT_FOUND)


def _myevents(connection: "Connection", command: Command) -> bytes:
    if connection.session is not None:
        uuid = connection.session.channel.uuid
    else:
        uuid = command.line[9:].partition(" ")[0]
        if connection.switch.session(uuid) is None:
            return frames.reply("-ERR invalid uuid")
    return _changed(connection, connection.subscription.myevents(uuid, command.line))


def _changed(connection: "Connection", answer: str) -> bytes:
    connection.switch.subscription_changed(connection)
    return frames.reply(answer)


def _divert_events(connection: "Connection", command: Command) -> bytes:
    if connection.session is None:
        return frames.reply("-ERR not controlling a session.")
    word = command.line[13:].strip().lower()
    if not word:
        return frames.reply("-ERR missing value.")
    connection.session.channel.diverts_events = word == "on"
    return frames.reply(f"+OK events {'' if word == 'on' else 'not '}diverted")


def _sendmsg(connection: "Connection", command: Command) -> bytes:
    uuid = command.line[7:].strip(" ") or command.get("session-id") or ""
    session = connection.session
    if uuid and (session is None or uuid != session.channel.uuid):
        session = connection.switch.session(uuid)
    if session is None:
        return frames.reply(f"-ERR invalid session id [{uuid}]")
    session.submit(message_from(command.headers, command.body))
    return frames.reply("+OK")


def _sendevent(connection: "Connection", command: Command) -> bytes:
    uuid = new_uuid()
    connection.switch.send_event(command, uuid)
    return frames.reply(f"+OK {uuid}")


def _api(connection: "Connection", command: Command) -> bytes:
    name, _, argument = command.line[4:].partition(" ")
    if is_true(command.get("console_execute")):
        name, _, argument = command.line[4:].strip().partition(" ")
    return frames.api_response(connection.switch.api(name, argument))


def _bgapi(connection: "Connection", command: Command) -> bytes:
    name, _, argument = command.line[6:].partition(" ")
    job = command.get("job-uuid") or new_uuid()
    owner = connection.session.channel.uuid if connection.session else ""
    connection.switch.run_job(job, owner, name, argument)
    return frames.reply(f"~Reply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n")


def _log(_connection: "Connection", command: Command) -> bytes:
    level = command.line[3:].strip().partition(" ")[0]
    return frames.reply(f"+OK log level {level} [7]")


def _linger(connection: "Connection", command: Command) -> bytes:
    if connection.session is None:
        return frames.reply("-ERR not controlling a session")
    seconds = command.line[6:].strip(" ")
    connection.linger = atoi(seconds) if seconds else -1
    return frames.reply(f"+OK will linger {connection.linger} seconds" if seconds else LINGERS)


LINGERS = "+OK will linger"


def _nolinger(connection: "Connection", _command: Command) -> bytes:
    if connection.session is None:
        return frames.reply("-ERR not controlling a session")
    connection.linger = None
    return frames.reply("+OK will not linger")


def _nolog(_connection: "Connection", _command: Command) -> bytes:
    return frames.reply("-ERR not loging")


def _event(connection: "Connection", command: Command) -> bytes:
    words = command.line.partition(" ")[2]
    return _changed(connection, connection.subscription.event(words))


def _nixevent(connection: "Connection", command: Command) -> bytes:
    words = command.line.partition(" ")[2]
    return _changed(connection, connection.subscription.nixevent(words))


def _noevents(connection: "Connection", _command: Command) -> bytes:
    return _changed(connection, connection.subscription.noevents())


_TABLE: tuple[tuple[str, Callable[["Connection"], bool], Handler], ...] = (
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
