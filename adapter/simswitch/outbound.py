"""The `socket` application: the call is handed to an adapter over an outbound connection.

Source: mod_event_socket.c (socket_function, listener_run).

Rules
- `socket host:port[/path][|host:port[/path]...] [async] [full]`: hosts are tried in turn, and
  a refused connect falls through at once. Only the host that is tried brings its path.
- When the connection ends while the call lives, `socket_resume` breaks off what runs and the
  dialplan goes on; without it what runs plays to its end and then the dialplan goes on.
- A connection that ends before its `connect` leaves a call without `socket_resume` parked for good:
  the park begins after the listener has ended, and nobody ends it.
"""

import structlog
from gevent import socket as sockets

from adapter.simswitch.channel_state import State
from adapter.simswitch.connection import Connection
from adapter.simswitch.session import Session
from adapter.simswitch.strings import atoi, separate
from adapter.simswitch.switch import Switch

log = structlog.get_logger()

DEFAULT_PORT = 8084
CONNECT_SECONDS = 10.0
LOOK_SECONDS = 0.5


def socket(switch: Switch, session: Session, data: str) -> None:
    """Runs one outbound connection, from the connect to the end of its park."""
    words = separate(data, " ", 80)
    if not words:
        return
    sock = _first_that_answers(session, words[0].split("|"))
    if sock is None:
        return
    options = {word.lower() for word in words[1:]}
    connection = Connection(
        switch, sock, session=session, full="full" in options, runs_async="async" in options
    )
    _serve(switch, session, connection)


def _first_that_answers(session: Session, targets: list[str]) -> sockets.socket | None:
    for target in targets:
        host, port = _address(session, target)
        try:
            return _connected(host, port)
        except OSError as error:
            log.info("event socket refused", host=host, port=port, reason=str(error))
    return None


def _connected(host: str, port: int) -> sockets.socket:
    """Connects; a numeric host needs no resolver, whose thread costs more than the call."""
    if not host.replace(".", "").isdigit():
        return sockets.create_connection((host, port), timeout=CONNECT_SECONDS)
    sock = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
    sock.settimeout(CONNECT_SECONDS)
    try:
        sock.connect((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _address(session: Session, target: str) -> tuple[str, int]:
    host, colon, rest = target.rpartition(":")
    if not colon:
        host, rest = target, ""
    port, slash, path = rest.partition("/")
    if not colon:
        host, slash, path = target.partition("/")
    if slash:
        session.channel.set("socket_path", path)
    session.channel.set("socket_host", host)
    return host, atoi(port) or DEFAULT_PORT


def _serve(switch: Switch, session: Session, connection: Connection) -> None:
    session.controlled = True
    switch.connection_began(connection)
    reader = switch.spawn("event socket of a call", connection.serve)
    while session.channel.ready and not reader.dead and not connection.connected:
        session.pause(LOOK_SECONDS)
    if session.channel.ready and (connection.running or not connection.connected):
        session.controlled = True
        session.park()
    session.controlled = False
    if session.channel.state is State.RESET:
        session.channel.state = State.EXECUTE
        session.channel.changed()
