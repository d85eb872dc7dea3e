"""What is read of a request: so much, for so long; with one error for all that breaks a body off.

gevent raises what happens to come to hand: for a chunk without a size a ValueError, for another
broken one an OSError like a socket's, and goes on in the middle of the body, as if the next
request began there. Behind a proxy that would be somebody else's.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from gevent.pywsgi import Input
from gevent.socket import socket

from adapter.web.errors import BodyTooLarge, BrokenBody


class LimitedStream(io.RawIOBase):
    """A socket to read from until a deadline and up to a number of bytes."""

    def __init__(self, sock: socket) -> None:
        self._socket = sock
        self._deadline = 0.0
        self._budget = 0
        self.failed = False

    def allow(self, *, seconds: float, size: int) -> None:
        """From now on accept `size` bytes within `seconds`."""
        self._deadline = time.monotonic() + seconds
        self._budget = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._receive(buffer)
        except OSError:
            self.failed = True
            raise

    def _receive(self, buffer: Any) -> int:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the request took too long")
        if self._budget <= 0:
            raise BodyTooLarge("the request is too large")
        self._socket.settimeout(remaining)
        count: int = self._socket.recv_into(buffer)
        self._budget -= count
        return count


class Body(Input):
    """Reads what Content-Length or the chunks say (RFC 9112, 6 and 7.1)."""

    # gevent's own class has slots; one that has none gets a dictionary.
    broken = False
    """Whether nobody knows any more where the next request begins."""

    def read(self, length: int | None = None) -> bytes:
        """Up to `length` bytes; raises BrokenBody, BodyTooLarge, TimeoutError."""
        return self._checked(super().read, length)

    def readline(self, size: int | None = None) -> bytes:
        """As `read`, up to a line's end."""
        return self._checked(super().readline, size)

    def _checked(self, read: Callable[[int | None], bytes], size: int | None) -> bytes:
        if self.broken:
            raise BrokenBody("the rest of a broken body")
        try:
            return read(size)
        except (BodyTooLarge, TimeoutError):
            raise
        except (OSError, ValueError) as error:
            self.broken = True
            raise BrokenBody(f"a broken body: {error}") from error
