"""A socket on which no wait is unbounded, in the form http.client wants.

Rules: the socket is non-blocking; every wait ends at the earlier of the step's own limit and the
exchange's deadline, so a peer that sends a byte now and then cannot stretch it. Nothing is ever
interrupted from outside: the waiting greenlet itself gives up, closes the socket and goes on.
Sockets are gevent's by name, so this works whether or not the process is monkey-patched.
"""

import io
import select
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from gevent import monkey, socket, ssl

# Polled without waiting, so the plain one will do, even when the process is patched.
_poll = monkey.get_original("select", "poll")

T = TypeVar("T")
Wait = Callable[[int, float], None]


class Deadline:
    """A moment after which nothing is waited for."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain; raises TimeoutError once there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("timed out")
        return seconds


class TimedSocket:
    """One connection, plain or TLS. `deadline` is set anew for every exchange on it."""

    def __init__(self, sock: Any, deadline: Deadline, step_seconds: float) -> None:
        sock.settimeout(0)
        self._sock = sock
        self._poll: Any = None
        self._step_seconds = step_seconds
        self.deadline = deadline

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on under TLS; raises ssl.SSLError or TimeoutError if the handshake fails."""
        tls = context.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
        self._sock = tls
        self._finish(tls.do_handshake, _wait_to_read)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            sent = int(self._finish(partial(self._sock.send, rest), _wait_to_write))
            rest = rest[sent:]

    def recv_into(self, buffer: Any) -> int:
        return int(self._finish(partial(self._sock.recv_into, buffer), _wait_to_read))

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client reads an answer from; closing it leaves the connection open."""
        return io.BufferedReader(_Reader(self))

    def is_quiet(self) -> bool:
        """Whether an idle connection is still good.

        Anything to read on it is its end, or an answer that nobody asked for.
        """
        if self._poll is None:
            self._poll = _poll()
            self._poll.register(self.fileno(), select.POLLIN)
        return not self._poll.poll(0)

    def fileno(self) -> int:
        return int(self._sock.fileno())

    def close(self) -> None:
        self._sock.close()

    def _finish(self, operation: Callable[[], T], wait: Wait) -> T:
        step = Deadline(self._step_seconds)
        while True:
            try:
                return operation()
            except BlockingIOError:
                needed = wait
            except ssl.SSLWantReadError:
                needed = _wait_to_read
            except ssl.SSLWantWriteError:
                needed = _wait_to_write
            needed(self.fileno(), min(step.left(), self.deadline.left()))


class _Reader(io.RawIOBase):
    def __init__(self, connection: TimedSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.recv_into(buffer)


def _wait_to_read(fileno: int, seconds: float) -> None:
    socket.wait_read(fileno, seconds, TimeoutError("timed out"))


def _wait_to_write(fileno: int, seconds: float) -> None:
    socket.wait_write(fileno, seconds, TimeoutError("timed out"))
