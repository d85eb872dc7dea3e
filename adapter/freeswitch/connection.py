"""The one seam to greenswitch: its sessions, on a reader, sender and waiter of our own.

`OutboundConnection` is a `greenswitch.esl.OutboundSession` and `InboundConnection` a
`greenswitch.esl.InboundESL`: what catches their exceptions or looks for their types keeps working,
and `Call` takes the place of their methods for applications. Replaced is what loses events, hangs
or misreads in 0.0.19 (one test each in `tests/protocol/freeswitch`): how bytes become frames, how a
command finds its reply, and how a connection ends.

Nobody waits for the socket: the event loop calls `Connection._readable` when bytes are there,
so an idle call costs no greenlet. Replies resolve the oldest pending command; events go to
`on_event` at once, in the event loop, so a handler must not block. When the stream ends, whatever
has arrived is delivered first, then every waiter gets the one error, then `when_ended` is told.
"""

from __future__ import annotations

import socket as stdlib_socket
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter

import gevent
import structlog
from gevent import monkey, socket
from gevent.event import AsyncResult
from gevent.lock import Semaphore
from gevent.socket import wait_write
from greenswitch.esl import ESLProtocol, InboundESL, OutboundSession

from adapter import patience
from adapter.freeswitch import commands
from adapter.freeswitch.errors import (
    CallGone,
    CommandFailed,
    ConnectionLost,
    ReplyTimeout,
    SwitchError,
    WireError,
)
from adapter.freeswitch.wire import Event, Frame, FrameReader
from adapter.metrics import COMMAND_SECONDS

log = structlog.get_logger()

_arrived = memoryview(bytearray(64 * 1024))
"""Where all connections read to, one at a time in the event loop; a hangup's burst is this long."""

DEFAULT_DEADLINE = 5.0
"""Seconds for a reply; an `api` round trip takes 0.13 ms on loopback."""

KEEPALIVE_SECONDS = 15
"""Idle time before TCP asks whether the switch's machine still lives, and between three asks."""


_READABLE = 1  # libev's EV_READ
_Socket = monkey.get_original("socket", "socket")


class _Exchange(AsyncResult):
    """Commands on the wire, and the replies that have come so far."""

    def __init__(self, expected: int) -> None:
        super().__init__()
        self._expected = expected
        self._frames: list[Frame] = []

    def take(self, frame: Frame) -> bool:
        """Take the next reply; True once all are there."""
        self._frames.append(frame)
        if len(self._frames) < self._expected:
            return False
        self.set(self._frames)
        return True


class Connection(ESLProtocol):
    """What both directions share: frames in, commands out, and one way to end."""

    def __init__(self, sock: socket.socket, *, on_event: Callable[[Event], None]) -> None:
        """Take over a connected socket; it belongs to the connection from now on."""
        # greenswitch's __init__ starts two greenlets, two queues and a buffered file: not called.
        self.sock = _plain(sock)
        self.connected = True
        self.gone: CallGone | None = None
        self._on_event = on_event
        self._on_end: list[Callable[[CallGone], None]] = []
        self._reader = FrameReader()
        self._pending: deque[_Exchange] = deque()
        self._sending = Semaphore()
        self._lingering = False
        self._watcher = gevent.get_hub().loop.io(self.sock.fileno(), _READABLE)
        self._watcher.start(self._readable)

    # -- commands ----------------------------------------------------------------------------

    def command(self, data: bytes, *, deadline: float = DEFAULT_DEADLINE) -> Frame:
        """Send a whole command and return its reply.

        Raises `CallGone` when the connection ends first and `ReplyTimeout` after
        `deadline` seconds. Replies come in order, so a timed-out command keeps its place in the
        queue and its late reply reaches nobody else.
        """
        return self.pipeline([data], deadline=deadline)[0]

    def pipeline(
        self, batch: Sequence[bytes], *, deadline: float = DEFAULT_DEADLINE
    ) -> list[Frame]:
        """Send several commands in one write and return their replies, in order."""
        exchange = _Exchange(len(batch))
        began = perf_counter()
        self._raise_if_gone()
        with self._sending:
            self._raise_if_gone()
            self._pending.append(exchange)
            self._write(b"".join(batch), deadline)
        in_time = patience.wait(exchange, deadline)
        COMMAND_SECONDS.observe(perf_counter() - began)
        if not in_time:
            raise ReplyTimeout(f"no reply to {_named(batch[0])!r} within {deadline} s")
        frames: list[Frame] = exchange.get()
        return frames

    def _raise_if_gone(self) -> None:
        if self.gone:
            raise self.gone.again()

    def _write(self, data: bytes, deadline: float) -> None:
        # Half a command on the wire would shift every later one: one failure ends the connection.
        try:
            if (sent := self._sent(data)) < len(data):
                with gevent.Timeout(deadline, TimeoutError("FreeSWITCH reads nothing")):
                    self._write_rest(memoryview(data)[sent:])
        except OSError as error:
            self._end(ConnectionLost(f"writing failed: {error}"))
        except BaseException:
            self._end(ConnectionLost("a command was broken off by its sender"))
            raise

    def _write_rest(self, data: memoryview) -> None:
        while data:
            wait_write(self.sock.fileno())
            data = data[self._sent(data) :]

    def _sent(self, data: bytes | memoryview) -> int:
        try:
            return self.sock.send(data)
        except BlockingIOError:
            return 0

    def checked(self, *batch: bytes, deadline: float = DEFAULT_DEADLINE, hopeful: int = 0) -> str:
        """The last reply's text, of one or more commands sent in one write.

        Raises `CommandFailed` for the first `-ERR`, but not for the `hopeful` first commands, and
        otherwise as `command`.
        """
        frames = self.pipeline(batch, deadline=deadline)
        reply = ""
        for data, frame in zip(batch[hopeful:], frames[hopeful:], strict=True):
            reply = frame.reply
            if reply.startswith(("-ERR", "-USAGE")):
                raise CommandFailed(_named(data), reply.partition(" ")[2].strip())
        return reply

    def send(self, data: str) -> Frame:
        """greenswitch's own spelling of `command`; refuses line breaks that smuggle more."""
        return self.command(commands.line(data).encode() + b"\n\n")

    # -- the end -----------------------------------------------------------------------------

    def when_ended(self, callback: Callable[[CallGone], None]) -> None:
        """Call `callback` once when the connection has ended (at once if it has)."""
        if self.gone:
            callback(self.gone)
        else:
            self._on_end.append(callback)

    def stop(self) -> None:
        """Close now. What has arrived is handled; whoever waits gets `ConnectionLost`."""
        if not self.gone and gevent.getcurrent() is not gevent.get_hub():
            self._readable()
        self._end(ConnectionLost("the connection was closed here"))

    def deafen(self) -> None:
        """Tell nobody of events any more, so that who listened is freed with the connection."""
        self._on_event = _unheard

    def _end(self, reason: CallGone) -> None:
        if self.gone:
            return
        self.gone = reason
        self.connected = False
        self._watcher.stop()
        self._watcher.close()
        self.sock.close()
        while self._pending:
            self._pending.popleft().set_exception(reason.again())
        callbacks, self._on_end = self._on_end, []
        for callback in callbacks:
            try:
                callback(reason)
            except Exception:
                log.exception("handling the end of a connection failed")

    # -- the reader --------------------------------------------------------------------------

    def _readable(self) -> None:
        try:
            count = self.sock.recv_into(_arrived)
            for frame in self._reader.receive(_arrived[:count]):
                self._dispatch(frame)
            if not count:
                self._reader.end()
                self._end(self._farewell())
        except BlockingIOError:
            return
        except WireError as error:
            log.warning("event socket closed, what arrived is no event socket", reason=str(error))
            self._end(ConnectionLost(str(error)))
        except OSError as error:
            self._end(ConnectionLost(f"reading failed: {error}"))
        except Exception as error:
            log.exception("event socket closed, reading it failed inside the adapter")
            self._end(ConnectionLost(f"reading failed: {error!r}"))

    def _farewell(self) -> CallGone:
        if self._lingering:
            return CallGone("hung up")
        return ConnectionLost("FreeSWITCH closed the connection")

    def _dispatch(self, frame: Frame) -> None:
        match frame.content_type:
            case "text/event-plain":
                self._deliver(frame.event())
            case "command/reply" | "api/response":
                if not self._pending:
                    raise WireError("a reply that nobody asked for")
                if self._pending[0].take(frame):
                    self._pending.popleft()
            case "text/disconnect-notice":
                self._lingering = self._lingering or "linger" in frame.get("Content-Disposition")
            case "text/rude-rejection":
                raise WireError("the switch's access list refuses this address")

    def _deliver(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            log.exception("handling an event failed", event_name=event.name)


class OutboundConnection(Connection, OutboundSession):
    """A call that FreeSWITCH brought to us with the `socket` application."""

    def __init__(self, sock: socket.socket, *, on_event: Callable[[Event], None]) -> None:
        super().__init__(sock, on_event=on_event)
        self.session_data: Frame | None = None

    @property
    def uuid(self) -> str:
        """The channel's Unique-ID."""
        return self.session_data.get("Unique-ID") if self.session_data else ""

    def connect(self, deadline: float = DEFAULT_DEADLINE) -> Frame:
        """Ask for the channel's data; its headers are the answer (about 166, url-encoded)."""
        if self.session_data is None:
            self.session_data = self.command(commands.connect(), deadline=deadline)
        return self.session_data


class InboundConnection(Connection, InboundESL):
    """A connection that we open to the switch's own event socket."""

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        *,
        on_event: Callable[[Event], None],
        deadline: float = DEFAULT_DEADLINE,
    ) -> None:
        """Connect and log in; raises `ConnectionLost` or `CommandFailed`."""
        self._asked = AsyncResult()
        try:
            sock = socket.create_connection((host, port), timeout=deadline)
        except OSError as error:
            raise ConnectionLost(f"cannot reach {host}:{port}: {error}") from error
        sock.settimeout(None)
        super().__init__(sock, on_event=on_event)
        self.when_ended(self._asked.set_exception)
        self._asked.wait(timeout=deadline)
        try:
            if not self._asked.ready():
                raise ConnectionLost(f"{host}:{port} does not speak the event socket")
            self._asked.get()
            self.checked(commands.auth(password), deadline=deadline)
        except SwitchError:
            self.stop()
            raise

    def _dispatch(self, frame: Frame) -> None:
        if frame.content_type == "auth/request":
            self._asked.set(None)
        else:
            super()._dispatch(frame)


def _unheard(_: Event) -> None:
    """Nobody listens any more."""


def _named(command: bytes) -> str:
    """A command's first line, for messages."""
    return command.split(b"\n", 1)[0].decode("utf-8", "replace")[:80]


def _plain(sock: socket.socket) -> stdlib_socket.socket:
    """The same socket without gevent's waiting, set up for small commands and long silences.

    No Nagle: a small write would wait 44 ms for a delayed ACK. Keepalive notices a dead machine.
    """
    family, kind, protocol = sock.family, sock.type, sock.proto
    plain: stdlib_socket.socket = _Socket(family, kind, protocol, sock.detach())
    plain.setblocking(False)
    if family in (stdlib_socket.AF_INET, stdlib_socket.AF_INET6):
        tcp = stdlib_socket.IPPROTO_TCP
        plain.setsockopt(tcp, stdlib_socket.TCP_NODELAY, 1)
        plain.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_KEEPALIVE, 1)
        plain.setsockopt(tcp, stdlib_socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
        plain.setsockopt(tcp, stdlib_socket.TCP_KEEPINTVL, KEEPALIVE_SECONDS)
        plain.setsockopt(tcp, stdlib_socket.TCP_KEEPCNT, 3)
    return plain
