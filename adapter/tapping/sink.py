"""Where the switch calls for a tap: one UDP socket of this process, opened for the first tap."""

from __future__ import annotations

import secrets

import gevent
import structlog
from gevent import socket

from adapter.tapping.answering import Request, Source, Target, answer

log = structlog.get_logger()

LARGEST = 65_536
"""Bytes of a datagram."""


class Sink:
    """Answers calls for taps that are wanted."""

    def __init__(self, host: str) -> None:
        """`host` is the address to listen on."""
        self._host = host
        self._socket: socket.socket | None = None
        self._targets: dict[str, Target] = {}
        self._sources: dict[str, Source] = {}

    def want(self, target: Target) -> str:
        """A new name, under which the switch finds this target from now on."""
        if self._socket is None:
            self._open()
        name = secrets.token_hex(16)
        self._targets[name] = target
        return name

    def forget(self, name: str) -> None:
        """Nobody needs to call for it any more."""
        self._targets.pop(name, None)
        self._sources.pop(name, None)

    def source(self, name: str) -> Source | None:
        """Where the switch said that it sends from, once it has called."""
        return self._sources.get(name)

    @property
    def port(self) -> int:
        """Of the socket; 0 until something was wanted."""
        return int(self._socket.getsockname()[1]) if self._socket else 0

    def close(self) -> None:
        """Taps go on; nobody answers for new ones."""
        if self._socket is not None:
            self._greenlet.kill()
            self._socket.close()

    def _open(self) -> None:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        opened.bind((self._host, 0))
        self._socket = opened
        self._greenlet = gevent.spawn(self._serve, opened)
        self._greenlet.name = "taps"

    def _serve(self, opened: socket.socket) -> None:
        while True:
            data, caller = opened.recvfrom(LARGEST)
            try:
                self._take(opened, data, caller)
            except OSError as error:
                log.warning("a tap was not answered", reason=str(error))
            except Exception:
                log.exception("answering for a tap failed inside the adapter")

    def _take(self, opened: socket.socket, data: bytes, caller: tuple[str, int]) -> None:
        request = Request.parse(data)
        if request is None:
            return
        if request.name in self._targets and (source := request.source) is not None:
            self._sources[request.name] = source
        if reply := answer(request, self._targets, f"{self._host}:{self.port}"):
            opened.sendto(reply, caller)
