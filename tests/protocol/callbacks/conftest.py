"""A real HTTP receiver that can misbehave, and a sender that is quick to try again."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.event import Event
from gevent.lock import Semaphore
from gevent.server import StreamServer

from adapter.callbacks.dial import Timeouts
from adapter.callbacks.outbox import Outbox
from adapter.callbacks.retry import RetryPolicy
from adapter.callbacks.schedule import Limits
from adapter.callbacks.sender import Sender, SenderSettings
from adapter.store.rows import Callback
from adapter.store.store import Store

# Far above what any of it takes; only a failing test waits for so long.
PATIENCE = 10.0

KEY = "PSK_test"
PROJECT = "project-1"

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
        self.silence = gevent.event.Event()
        self._arrived = Condition()
        self._numbers = itertools.count(1)
        self._tls = tls
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._server: StreamServer | None = None
        if listening:
            self.listen()

    def listen(self) -> None:
        """Until this is called, connections are refused."""
        self._listener.listen(64)
        tls = {"keyfile": self._tls, "certfile": self._tls} if self._tls else {}
        self._server = StreamServer(self._listener, self._serve, **tls)
        self._server.start()

    def close(self) -> None:
        self.silence.set()
        if self._server is not None:
            self._server.stop(timeout=0)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def behave(self, *behaviours: Behaviour) -> None:
        self.behaviours = list(behaviours)

    def silent(self, _request: Request, _connection: Any) -> None:
        """Never answer."""
        self.silence.wait()

    def wait_for(self, count: int, seconds: float = PATIENCE) -> list[Request]:
        """The requests, once there are so many."""
        with gevent.Timeout(seconds, AssertionError(f"{len(self.requests)} of {count} requests")):
            while len(self.requests) < count:
                with self._arrived:
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
        with self._arrived:
            self._arrived.notify_all()
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            behaviour(request, connection)
        finally:
            self.running -= 1


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


@pytest.fixture
def make_receiver() -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(**options: Any) -> Receiver:
        made.append(Receiver(**options))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


@pytest.fixture
def receiver(make_receiver: Callable[..., Receiver]) -> Receiver:
    return make_receiver()


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/adapter.db"


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    opened = Store.open(address)
    yield opened
    opened.close()


@pytest.fixture
def quick() -> SenderSettings:
    return SenderSettings(
        retry=RetryPolicy(first_retry=0.02, factor=2, max_retry=0.1, give_up=60),
        timeouts=Timeouts(connect=1.0, read=0.25, total=0.6),
        limits=Limits(per_receiver=4, failing_receiver=1, total=32),
    )


@pytest.fixture
def make_sender(store: Store, quick: SenderSettings) -> Iterator[Callable[..., Sender]]:
    made: list[Sender] = []

    def make(**options: Any) -> Sender:
        values = {"store": store, "settings": quick, "keys": {PROJECT: KEY}, "worker": "A"}
        made.append(Sender(**(values | options)))
        made[-1].start()
        return made[-1]

    yield make
    for sender in made:
        sender.stop(0)


@pytest.fixture
def sender(make_sender: Callable[..., Sender]) -> Sender:
    return make_sender()


@pytest.fixture
def put(store: Store) -> Callable[..., Callback]:
    """Commit a callback with the body {"n": number}; the stored row before any attempt."""
    outbox = Outbox()

    def put_one(url: str, number: int = 0, stream: str = "rec-1", **payload: Any) -> Callback:
        write = outbox.put(stream, url, {"n": number, **payload}, PROJECT)
        store.commit(write)
        return write.callback

    return put_one


@pytest.fixture
def settled(store: Store) -> Callable[..., Callback]:
    """The callback once its state is as wanted, or once it has had so many attempts."""

    def wait(callback: Callback, state: str | None = None, attempts: int = 0) -> Callback:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = store.callback(callback.id)
            assert found is not None
            if state in (None, found.state) and found.attempts >= attempts:
                return found
            gevent.sleep(0.005)
        raise AssertionError(f"still {found} after {PATIENCE} s")

    return wait


@pytest.fixture
def certificate() -> Path:
    """A key and a certificate for 127.0.0.1 and localhost that nobody else trusts."""
    return Path(__file__).with_name("receiver.pem")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


__all__ = ["KEY", "PROJECT", "Receiver", "Request", "answer", "cut", "drip", "raw"]
