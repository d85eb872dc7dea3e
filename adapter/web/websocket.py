"""A WebSocket on a connection of the HTTP server: gevent's skin over websockets' sans-I/O protocol.

One greenlet receives; any may send. No extension is offered, so nothing that is small on the wire
is large in memory. A message larger than `largest` bytes ends the connection (1009), as does what
breaks RFC 6455 (1002) or is no text (1003, 1007).
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable

from gevent import socket
from gevent.lock import RLock
from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

SWITCHING_PROTOCOLS = 101

PARTING_SECONDS = 1.0
"""For the client to see that it is over, and to say so itself: cut off, it might not read why."""


class Closed(ConnectionError):
    """Nothing can be sent any more."""


class WebSocket:
    """One connection, after its HTTP request."""

    def __init__(
        self,
        sock: socket.socket,
        read: Callable[[float], bytes],
        *,
        largest: int,
        write_seconds: float,
    ) -> None:
        """`read(seconds)` gives what comes next, b"" at the end; raises OSError, TimeoutError."""
        self._sock = sock
        self._read = read
        self._write_seconds = write_seconds
        self._protocol = ServerProtocol(state=State.OPEN, max_size=largest)
        self._messages: deque[str] = deque()
        self._partial = bytearray()
        self._sending = RLock()

    def accept(self, path: str, headers: Iterable[tuple[str, str]]) -> bool:
        """Answer the request; False if it was refused."""
        # It would parse the request itself; ours has been parsed, so another one does the rest.
        handshake = ServerProtocol()
        response = handshake.accept(Request(path, Headers(headers)))
        handshake.send_response(response)
        self._write(handshake.data_to_send())
        return response.status_code == SWITCHING_PROTOCOLS

    def receive(self, seconds: float) -> str | None:
        """The next message; None at the end. Raises TimeoutError when none came in time."""
        deadline = time.monotonic() + seconds
        while not self._messages:
            if self._protocol.state is not State.OPEN:
                self._part()
                return None
            self._take(self._read_until(deadline))
        return self._messages.popleft()

    def send(self, text: str) -> None:
        """Send a message; raises Closed, or OSError where the client takes it too slowly."""
        with self._sending:
            if self._protocol.state is not State.OPEN:
                raise Closed("the connection is closed")
            self._protocol.send_text(text.encode())
            self._flush()

    def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Say goodbye; whoever receives sees the end once the client has said it too."""
        with contextlib.suppress(OSError), self._sending:
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(code, reason)
                self._flush()

    def abort(self) -> None:
        """End it at once."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def _part(self) -> None:
        deadline = time.monotonic() + PARTING_SECONDS
        with contextlib.suppress(TimeoutError):
            while self._protocol.state is not State.CLOSED:
                self._take(self._read_until(deadline))

    def _read_until(self, deadline: float) -> bytes:
        """What comes next, b"" at the end; raises TimeoutError."""
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("no message came in time")
        try:
            return self._read(seconds)
        except TimeoutError:
            raise
        except OSError:
            return b""

    def _take(self, data: bytes) -> None:
        with self._sending:
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            self._flush()
            frames = self._protocol.events_received()
        for frame in frames:
            if isinstance(frame, Frame):
                self._take_frame(frame)

    def _take_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            self._fail(CloseCode.UNSUPPORTED_DATA, "text is spoken here")
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._partial += frame.data
            if frame.fin:
                self._complete()

    def _complete(self) -> None:
        data, self._partial = bytes(self._partial), bytearray()
        try:
            self._messages.append(data.decode())
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA, "this is not UTF-8")

    def _fail(self, code: CloseCode, reason: str) -> None:
        with self._sending:
            self._protocol.fail(code, reason)
            self._flush()

    def _flush(self) -> None:
        with self._sending:
            self._write(self._protocol.data_to_send())

    def _write(self, pieces: Iterable[bytes]) -> None:
        for data in pieces:
            self._sock.settimeout(self._write_seconds)
            if data:
                self._sock.sendall(data)
            else:  # the end of what we say
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._sock, socket.SHUT_WR)
