"""One event-socket connection, from either side: commands are answered, events are sent.

Source: mod_event_socket.c (listener_run, read_packet, parse_command).

Rules
- A real listener is one thread: it answers a command, then sends the events that wait, and
  looks again 20 ms later if no command comes. So events never overtake a reply, and may be up
  to 20 ms late; both is kept here.
- Only this connection's own greenlets write to its socket: a slow peer holds up nobody else.
"""

import socket as sockets
import time
from collections import deque

import gevent
import structlog

from adapter.simswitch import frames
from adapter.simswitch.commands import handle
from adapter.simswitch.events import Event
from adapter.simswitch.frames import Command, CommandReader, WireFault
from adapter.simswitch.peer import Peer
from adapter.simswitch.session import Session
from adapter.simswitch.settings import Pace
from adapter.simswitch.switch import Switch

log = structlog.get_logger()

FIRST_COMMAND_SECONDS = 25.0  # the switch gives up on a peer that says nothing
SEND_SECONDS = 30.0  # a peer that reads nothing for so long is given up
READ_BYTES = 65536


class Connection(Peer):
    """Serves one socket; `session` is the call of an outbound connection."""

    def __init__(
        self,
        switch: Switch,
        sock: sockets.socket,
        *,
        session: Session | None = None,
        full: bool = True,
        runs_async: bool = True,
    ) -> None:
        super().__init__(session, full=full, runs_async=runs_async)
        self._switch = switch
        self.running = True
        self._sock = sock
        self._poll_seconds = switch.settings.poll_ms / 1000
        self._flat = switch.settings.pace is Pace.FLAT
        self._events: deque[Event] = deque()
        self._out: deque[bytes] = deque()
        self._sending = False
        self._busy = False
        self._polling: gevent.Greenlet | None = None
        self._began = self._looked = time.monotonic()
        self._said_gone = False

    # --- reading

    def serve(self) -> None:
        """Runs until either side closes; never raises for what the peer does."""
        try:
            self._sock.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
            self._sock.settimeout(FIRST_COMMAND_SECONDS)
            if self.session is None:
                self._write(frames.AUTH_REQUEST)
            self._read()
        except (OSError, WireFault) as error:
            log.debug("event socket ended", reason=str(error))
        finally:
            self.running = False
            self._switch.connection_ended(self)
            self._close()

    def _read(self) -> None:
        reader = CommandReader()
        first = self.session is not None
        while self.running:
            data = self._sock.recv(READ_BYTES)
            if not data:
                return
            if first or self.session is None:
                self._sock.settimeout(None)
            for command in reader.feed(data):
                self._busy = True
                if first and self.session is not None:
                    self.session.first_command_seconds = time.monotonic() - self._began
                self._answer(command, silent=first and not _is_connect(command))
                first = self._busy = False
                if self.ends_after_reply:
                    self.end()
                    return
            self._look()

    def _answer(self, command: Command, *, silent: bool) -> None:
        """The first command of an outbound connection gets no reply, unless it is `connect`."""
        answer = handle(self._switch, self, command)
        if answer and not silent:
            self._out.append(answer)
        if self._events:
            self._collect()
        if not self._flat:
            self._flush()

    # --- writing

    def deliver(self, event: Event) -> None:
        """Queues an event; it goes out after the reply at hand, or at the next look."""
        self._events.append(event)
        if not self._busy:
            self._look_soon()

    def call_gone(self) -> None:
        """The call hung up: the peer is told, and the socket lingers or closes."""
        if not self._busy:
            self._look_soon()

    def _look_soon(self) -> None:
        if self._polling is not None or not self.running:
            return
        if self._flat:
            self._look()
            return
        waited = time.monotonic() - self._looked
        delay = self._poll_seconds - waited % self._poll_seconds
        self._polling = gevent.spawn_later(delay, self._poll)
        self._polling.name = "event socket poll"

    def _poll(self) -> None:
        self._polling = None
        if not self._busy:
            self._look()

    def _look(self) -> None:
        """What the listener's thread does between commands."""
        self._looked = time.monotonic()
        self._collect()
        if self.session is not None and self.session.channel.down and not self._said_gone:
            self._said_gone = True
            self._say_gone()
        self._flush()

    def _collect(self) -> None:
        kind = "json" if self.subscription.format == "json" else "plain"
        while self._events:
            self._out.append(self._events.popleft().frame(kind))

    def _say_gone(self) -> None:
        if self.linger is None or self.session is None:
            self.end()
            return
        channel = self.session.channel
        self._out.append(frames.linger_notice(channel.uuid, channel.name, self.linger))
        if self.linger >= 0:
            seconds = int(time.time()) + self.linger + 1 - time.time()  # whole clock seconds
            ending = gevent.spawn_later(seconds, self.end)
            ending.name = "event socket linger"

    def end(self) -> None:
        """Says goodbye and closes."""
        if not self.running:
            return
        self.running = False
        uuid = self.session.channel.uuid if self.session else None
        self._out.append(frames.disconnect_notice(uuid))
        self._flush()
        self._shut()

    def cut(self) -> None:
        """Breaks the connection without a word."""
        self.running = False
        self._shut()

    def _write(self, data: bytes) -> None:
        self._out.append(data)
        self._flush()

    def _flush(self) -> None:
        if self._sending:
            return
        self._sending = True
        try:
            while self._out:
                data = b"".join(self._out)
                self._out.clear()
                sent = self._sock.send(data)
                if sent < len(data):
                    self._sock.sendall(memoryview(data)[sent:])
        except OSError as error:
            log.debug("event socket cannot be written", reason=str(error))
            self._out.clear()
            self.running = False
            self._shut()
        finally:
            self._sending = False

    def _shut(self) -> None:
        """Wakes the reading greenlet; it closes the socket."""
        try:
            self._sock.shutdown(sockets.SHUT_RDWR)
        except OSError:
            return

    def _close(self) -> None:
        if self._polling is not None:
            self._polling.kill(block=False)
        self._sock.close()


def _is_connect(command: Command) -> bool:
    return command.line.lower().startswith("connect")
