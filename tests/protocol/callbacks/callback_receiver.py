"""A real HTTP receiver that can misbehave."""

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
from gevent import socket, ssl
from gevent.event import Event
from gevent.server import StreamServer

# Far above what any of it takes; only a failing test waits for so long.
PATIENCE = 10.0

Behaviour = Callable[["Request", Any], None]


@dataclass(frozen=True)
class Request:
    """What arrived: `connection` counts the receiver's connections from 1."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    at: float = field(default_factory=time.monotonic)

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]

    @property
    def number(self) -> int:
        value: int = json.loads(self.body)["n"]
        return value


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Behaviour:
    """Answer properly; header names are given with underscores."""
    fields = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
    head = f"HTTP/1.1 {status} Because\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
    return raw(head.encode() + body)


def raw(data: bytes) -> Behaviour:
    """Send just these bytes."""

    def behave(_request: Request, connection: Any) -> None:
        connection.sendall(data)

    return behave


def cut(_request: Request, connection: Any) -> None:
    """Close without an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def drip(data: bytes, seconds: float = 0.02) -> Behaviour:
    """Send a byte now and then, for ever."""

    def behave(_request: Request, connection: Any) -> None:
        connection.sendall(data)
        while True:
            connection.sendall(b"x")
            gevent.sleep(seconds)

    return behave


class Receiver:
    """Listens on a port of its own. Each request is met by the next behaviour, or the last one."""

    def __init__(self, *, tls: Path | None = None, listening: bool = True) -> None:
        self.requests: list[Request] = []
        self.behaviours: list[Behaviour] = [answer()]
        self.running = 0
        self.most_running = 0
        self._arrived = Event()
        self._numbers = itertools.count(1)
        self._tls = tls
        self._listener = _bound()
        self.port = self._listener.getsockname()[1]
        self._server: StreamServer | None = None
        if listening:
            self.listen()

    def listen(self) -> None:
        """Until this is called, connections are refused."""
        self._listener.listen(64)
        tls = {"ssl_context": _server_context(self._tls)} if self._tls else {}
        self._server = StreamServer(self._listener, self._serve, **tls)
        self._server.start()

    def hang_up(self) -> None:
        """Be down, as a process that has ended is, until `listen` is called."""
        assert self._server is not None
        self._server.stop(timeout=0)
        self._server = None
        self._listener = _bound(self.port)

    def close(self) -> None:
        if self._server is not None:
            self._server.stop(timeout=0)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def behave(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours)

    def silent(self, _request: Request, connection: Any) -> None:
        """Never answer; hold on until the sender gives up."""
        connection.recv(1)

    def wait_for(self, count: int, seconds: float = PATIENCE) -> list[Request]:
        """The requests, once there are so many."""
        with gevent.Timeout(seconds, AssertionError(f"{len(self.requests)} of {count} requests")):
            while len(self.requests) < count:
                self._arrived.clear()
                self._arrived.wait()
        return self.requests

    def _serve(self, connection: Any, _address: Any) -> None:
        number = next(self._numbers)
        try:
            with connection.makefile("rb") as stream:
                while request := _read(stream, number):
                    self._meet(request, connection)
        except OSError:
            pass

    def _meet(self, request: Request, connection: Any) -> None:
        self.requests.append(request)
        self._arrived.set()
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            behaviour(request, connection)
        finally:
            self.running -= 1


def _bound(port: int = 0) -> Any:
    """A socket that does not listen yet; connections of a former one are in nobody's way."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


def _server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _read(stream: Any, connection: int) -> Request | None:
    first = stream.readline()
    if not first:
        return None
    method, target, _ = first.decode().split()
    lines = iter(stream.readline, b"\r\n")
    pairs = [line.decode().rstrip("\r\n").split(": ", 1) for line in lines]
    headers = {name.lower(): value for name, value in pairs}
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body, connection)
