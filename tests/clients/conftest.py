"""Clients that we did not write, unmodified, against an adapter with a call on either switch.

What each needs is made by `make clients`: Python packages (the extra `clients`), a virtual
environment of its own for `sw`, and npm packages by their lock file.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bench import NODE_MODULES, OFFICE, SWSH, Node, Secure, Sw
from worlds.adapter_process import AdapterProcess
from worlds.switches import OTHER
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
        adapter.kill()


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
