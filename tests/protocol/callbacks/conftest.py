"""A receiver, a store, and a sender that is quick to try again."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import gevent.socket
import gevent.ssl
import pytest
import urllib3
from callback_receiver import PATIENCE, Receiver

from adapter import outgoing
from adapter.callbacks.outbox import Outbox
from adapter.callbacks.retry import RetryPolicy
from adapter.callbacks.schedule import Limits
from adapter.callbacks.sender import Sender, SenderSettings
from adapter.callbacks.transport import Timeouts
from adapter.store.rows import Callback
from adapter.store.store import Store

KEY = "PSK_test"
PROJECT = "project-1"


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
        limits=Limits(per_receiver=4, failing_receiver=1, total=32),
    )


@pytest.fixture
def impatient(quick: SenderSettings) -> SenderSettings:
    """For tests about time: gives up soon. Elsewhere a busy machine would look like a failure."""
    return replace(quick, timeouts=Timeouts(connect=1.0, read=0.5, total=1.0))


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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 and localhost that nobody else trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate; install it")
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=receiver", "-addext", names, "-keyout", "-"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    path.write_bytes(made.stdout)
    return path


@pytest.fixture(autouse=True)
def _sockets_of_greenlets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program patches its whole process; this one patches only what `requests` waits on."""
    monkeypatch.setattr(outgoing, "socket", gevent.socket)
    monkeypatch.setattr(urllib3.util.connection, "socket", gevent.socket)
    monkeypatch.setattr(urllib3.util.ssl_, "SSLContext", gevent.ssl.SSLContext)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
