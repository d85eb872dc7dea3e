"""Clients that we did not write, unmodified, against an adapter with a call on either switch.

What each needs is made by `make clients`: Python packages (the extra `clients`), a virtual
environment of its own for `sw`, and npm packages by their lock file.
"""

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bench import (
    NODE_MODULES,
    OFFICE,
    SWSH,
    Node,
    Relay,
    Secure,
    Start,
    Sw,
    node_relay,
    sdk_relay,
)
from worlds.adapter_process import AdapterProcess
from worlds.switches import GATEWAY, OTHER
from worlds.world import Stage, documents_by_number, project


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Secure:
    """A certificate for loopback, of a CA that only our clients trust."""
    return Secure(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secure_adapters() -> Iterator[dict[str, AdapterProcess]]:
    """Adapters with TLS, by the kind of switch, in a place that the tests of others need too."""
    running: dict[str, AdapterProcess] = {}
    yield running
    for adapter in running.values():
        adapter.stop()  # not as a crash: the next one has the same log of calls


@pytest.fixture
def secure(
    stage: Stage, authority: Secure, secure_adapters: dict[str, AdapterProcess]
) -> AdapterProcess:
    """The stage's adapter with TLS; calls reach it by `adapter=secure`."""
    if stage.switch.kind not in secure_adapters:
        settings = {
            "swml": documents_by_number(stage.receiver),
            "projects": [project()],
            "routes": [{"to": f"^{OFFICE}", "relay": OFFICE}],
            "nodes": [stage.switch.sockets[OTHER].node],
            "gateway": GATEWAY,
            "tls_cert": str(authority.chain),
            "tls_key": str(authority.key),
        }
        folder = stage.folder / "secure-adapter"
        port = stage.switch.adapter_ports[OTHER]
        secure_adapters[stage.switch.kind] = AdapterProcess(folder, port, settings).start()
    return secure_adapters[stage.switch.kind]


@pytest.fixture
def sw(secure: AdapterProcess, authority: Secure, tmp_path: Path) -> Sw:
    """The command line client, pointed at the adapter with TLS."""
    if not SWSH.exists():
        pytest.skip("sw is not installed: make clients")
    return Sw(secure, authority, tmp_path)


@pytest.fixture
def node(authority: Secure) -> Node:
    """Runs a script with SignalWire's npm packages."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("npm is not installed: its clients are not tested")
    if not NODE_MODULES.exists():
        pytest.skip("npm's clients are not installed: make clients")
    return Node(authority)


@pytest.fixture
def start(authority: Secure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts RELAY clients of `signalwire-sdk`, or by another function; they end with the test."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))  # for our own downloads
    running: list[Relay] = []

    def one(
        adapter: AdapterProcess, scenario: str, *, kind: Any = sdk_relay, **given: Any
    ) -> Relay:
        running.append(kind(adapter, authority, **{"topics": [OFFICE], **given}, scenario=scenario))
        running[-1].wait(did="login")
        return running[-1]

    yield one
    for client in running:
        client.kill()


@pytest.fixture(params=[sdk_relay, node_relay], ids=["python", "node"])
def relay(request: pytest.FixtureRequest, start: Start) -> Start:
    """Starts RELAY clients of one kind."""
    if request.param is node_relay:
        request.getfixturevalue("node")
    return partial(start, kind=request.param)
