"""The two ports, opened once: by the process itself, or by the parent of several workers.

Workers share their parent's sockets, so a connection that waits to be accepted belongs to all of
them: when one dies, another takes it.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from adapter.config import Address, Settings

BACKLOG = 1024
"""Connections that may wait to be accepted: a burst of calls arrives faster than one loop turns."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Listening sockets: for the switch's calls, and for HTTP."""

    calls: socket.socket
    web: socket.socket

    @classmethod
    def open(cls, settings: Settings) -> Listeners:
        """Listen on the settings' addresses; raises OSError where one is taken."""
        calls = _listen(settings.listen)
        try:
            return cls(calls, _listen(settings.http))
        except OSError:
            calls.close()
            raise

    @classmethod
    def inherit(cls, calls: int, web: int) -> Listeners:
        """A parent's sockets, by their file descriptors."""
        return cls(_inherited(calls), _inherited(web))

    @property
    def descriptors(self) -> tuple[int, int]:
        """What a child process inherits."""
        return (self.calls.fileno(), self.web.fileno())

    def bound(self, settings: Settings) -> Settings:
        """The settings with the ports that were taken (where 0 was asked for)."""
        return settings.bound(listen=_address(self.calls), http=_address(self.web))

    def close(self) -> None:
        """Stop listening."""
        self.calls.close()
        self.web.close()


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    listener.setblocking(False)
    return listener


def _inherited(descriptor: int) -> socket.socket:
    listener = socket.socket(fileno=descriptor)
    listener.setblocking(False)
    return listener


def _address(listener: socket.socket) -> Address:
    host, port = listener.getsockname()[:2]
    return Address(host, port)
