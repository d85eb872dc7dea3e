"""The one seam to greenswitch: its sessions, on a reader, sender and waiter of our own.

:class:`OutboundConnection` is a ``greenswitch.esl.OutboundSession`` and :class:`InboundConnection`
a ``greenswitch.esl.InboundESL``: their names, methods and exceptions stay. Replaced is what loses
events, hangs or misreads in 0.0.19 (one test each in ``tests/protocol/test_greenswitch.py``):
how bytes become frames, how a command finds its reply, and how a connection ends.

One greenlet reads. Replies resolve the oldest pending command; events go to ``on_event`` at once,
in the reader's greenlet, so a handler must not block. When the stream ends, whatever has arrived is
delivered first, then every waiter gets the one error, then ``on_end`` is called.
"""

from __future__ import annotations

import contextlib
import socket as stdlib_socket
from collections import deque
from collections.abc import Callable

import gevent
import structlog
from gevent import socket
from gevent.event import AsyncResult
from gevent.lock import RLock
from greenswitch.esl import ESLProtocol, InboundESL, OutboundSession

from adapter.freeswitch import commands
from adapter.freeswitch.errors import (
    CallGone,
    CommandFailed,
    ConnectionLost,
    ReplyTimeout,
    WireError,
)
from adapter.freeswitch.wire import Event, Frame, FrameReader

log = structlog.get_logger()

READ_SIZE = 64 * 1024
"""Bytes asked of the socket at once; a burst of events at hangup is about this long."""

DEFAULT_DEADLINE = 5.0
"""Seconds for a reply; an ``api`` round trip takes 0.13 ms on loopback."""

KEEPALIVE_SECONDS = 15
"""Idle time before TCP asks whether the switch's machine still lives, and between three asks."""


class Connection(ESLProtocol):
    """What both directions share: frames in, commands out, and one way to end."""

    def __init__(self, sock: socket.socket, *, on_event: Callable[[Event], None]) -> None:
        # greenswitch's __init__ starts two greenlets, two queues and a buffered file: not called.
        self.sock = sock
        self.connected = True
        self.gone: CallGone | None = None
        self._on_event = on_event
        self._on_end: list[Callable[[CallGone], None]] = []
        self._reader = FrameReader()
        self._pending: deque[AsyncResult[Frame]] = deque()
        self._sending = RLock()
        self._lingering = False
        _prepare(sock)
        self._greenlet = gevent.spawn(self._read)

    # -- commands ----------------------------------------------------------------------------

    def command(self, data: bytes, *, deadline: float = DEFAULT_DEADLINE) -> Frame:
        """Send a whole command and return its reply.

        Raises :class:`CallGone` when the connection ends first and :class:`ReplyTimeout` after
        ``deadline`` seconds. Replies come in order, so a timed-out command keeps its place in the
        queue and its late reply reaches nobody else.
        """
        return self.pipeline([data], deadline=deadline)[0]

    def pipeline(self, batch: list[bytes], *, deadline: float = DEFAULT_DEADLINE) -> list[Frame]:
        """Send several commands in one write and return their replies, in order."""
        replies: list[AsyncResult[Frame]] = [AsyncResult() for _ in batch]
        with self._sending:
            if self.gone:
                raise self.gone
            self._pending.extend(replies)
            self._write(b"".join(batch), deadline)
        try:
            return [reply.get(timeout=deadline) for reply in replies]
        except gevent.Timeout:
            name = batch[0].split(b"\n", 1)[0].decode("utf-8", "replace")
            raise ReplyTimeout(f"no reply to {name[:80]!r} within {deadline} s") from None

    def _write(self, data: bytes, deadline: float) -> None:
        # Half a command on the wire would shift every later one: one failure ends the connection.
        try:
            with gevent.Timeout(deadline, TimeoutError("FreeSWITCH reads nothing")):
                self.sock.sendall(data)
        except OSError as error:
            self._end(ConnectionLost(f"writing failed: {error}"))

    def checked(self, data: bytes, *, deadline: float = DEFAULT_DEADLINE) -> str:
        """The reply's text; raises :class:`CommandFailed` on ``-ERR``, else as :meth:`command`."""
        reply = self.command(data, deadline=deadline).reply
        if reply.startswith(("-ERR", "-USAGE")):
            name = data.split(b"\n", 1)[0].decode("utf-8", "replace")
            raise CommandFailed(name, reply.partition(" ")[2].strip())
        return reply

    def send(self, data: str) -> Frame:
        """greenswitch's own spelling of :meth:`command`; refuses line breaks that smuggle more."""
        return self.command(commands.line(data).encode() + b"\n\n")

    # -- the end -----------------------------------------------------------------------------

    def when_ended(self, callback: Callable[[CallGone], None]) -> None:
        """Call ``callback`` once when the connection has ended (at once if it has)."""
        if self.gone:
            callback(self.gone)
        else:
            self._on_end.append(callback)

    def stop(self) -> None:
        """Close now. What has arrived was handled; whoever waits gets :class:`ConnectionLost`."""
        self._end(ConnectionLost("the connection was closed here"))
        if gevent.getcurrent() is not self._greenlet:
            self._greenlet.kill()

    def _end(self, reason: CallGone) -> None:
        if self.gone:
            return
        self.gone = reason
        self.connected = False
        with contextlib.suppress(OSError):
            self.sock.shutdown(stdlib_socket.SHUT_RDWR)
        self.sock.close()
        while self._pending:
            self._pending.popleft().set_exception(reason)
        for callback in self._on_end:
            callback(reason)
        self._on_end.clear()

    # -- the reader --------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            while data := self.sock.recv(READ_SIZE):
                for frame in self._reader.receive(data):
                    self._dispatch(frame)
            self._reader.end()
            self._end(self._farewell())
        except WireError as error:
            log.warning("event socket closed, what arrived is no event socket", reason=str(error))
            self._end(ConnectionLost(str(error)))
        except OSError as error:
            self._end(ConnectionLost(f"reading failed: {error}"))

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
                self._pending.popleft().set(frame)
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
    """A call that FreeSWITCH brought to us with the ``socket`` application."""

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
        """Connect and log in; raises :class:`ConnectionLost` or :class:`CommandFailed`."""
        self._asked = AsyncResult()
        try:
            sock = socket.create_connection((host, port), timeout=deadline)
        except OSError as error:
            raise ConnectionLost(f"cannot reach {host}:{port}: {error}") from error
        sock.settimeout(None)
        super().__init__(sock, on_event=on_event)
        self.when_ended(self._asked.set_exception)
        try:
            self._asked.get(timeout=deadline)
        except gevent.Timeout:
            self.stop()
            raise ConnectionLost(f"{host}:{port} does not speak the event socket") from None
        self.checked(commands.auth(password), deadline=deadline)

    def _dispatch(self, frame: Frame) -> None:
        if frame.content_type == "auth/request":
            self._asked.set(None)
        else:
            super()._dispatch(frame)


def _prepare(sock: socket.socket) -> None:
    """No Nagle (a small write would wait 44 ms for a delayed ACK), and notice a dead machine."""
    if sock.family not in (stdlib_socket.AF_INET, stdlib_socket.AF_INET6):
        return
    tcp = stdlib_socket.IPPROTO_TCP
    sock.setsockopt(tcp, stdlib_socket.TCP_NODELAY, 1)
    sock.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_KEEPALIVE, 1)
    sock.setsockopt(tcp, stdlib_socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
    sock.setsockopt(tcp, stdlib_socket.TCP_KEEPINTVL, KEEPALIVE_SECONDS)
    sock.setsockopt(tcp, stdlib_socket.TCP_KEEPCNT, 3)
