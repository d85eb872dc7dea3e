"""A stream of JSON messages, one a line, between two processes of this adapter.

Both ends are ours and the socket is a file that only our user can open: a line that is no message,
or longer than any of ours, ends the link.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import gevent
import structlog
from gevent import socket
from gevent.lock import RLock

log = structlog.get_logger()

Message = dict[str, Any]

LONGEST = 32 * 1024 * 1024
"""Bytes of one message: a document inside a command is the largest thing that travels."""


class LinkClosed(ConnectionError):
    """The other process is gone."""


class Link:
    """One end; `on_message` runs in the link's own greenlet and must not block."""

    def __init__(
        self,
        sock: socket.socket,
        *,
        on_message: Callable[[Message], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._sock = sock
        self._on_message = on_message
        self._on_end = on_end
        self._sending = RLock()
        self.closed = False
        self._reader = gevent.spawn(self._read)
        self._reader.name = "bus link"

    def send(self, message: Message) -> None:
        """Send a message; raises `LinkClosed`."""
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            with self._sending:
                self._sock.sendall(data)
        except OSError as error:
            self.close()
            raise LinkClosed(str(error)) from error

    def close(self) -> None:
        """End it; the reader tells `on_end`."""
        self.closed = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _read(self) -> None:
        try:
            for line in self._lines():
                self._on_message(json.loads(line))
        except (OSError, ValueError) as error:
            if not self.closed:
                log.warning("a link to another process ended", reason=str(error))
        except Exception:
            log.exception("a message from another process failed inside the adapter")
        finally:
            self.closed = True
            self._sock.close()
            self._on_end()

    def _lines(self) -> Any:
        buffer = bytearray()
        while data := self._sock.recv(256 * 1024):
            buffer += data
            if b"\n" not in data:
                if len(buffer) > LONGEST:
                    raise ValueError("a message without an end")
                continue
            *lines, rest = buffer.split(b"\n")
            buffer = bytearray(rest)
            yield from lines
