"""Documents of the SDK's own example services, unmodified: fetched, checked, run to their end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import signalwire
from worlds.ports import find_ports
from worlds.waiting import eventually
from worlds.world import World, http_get, project

from adapter.config import Project, Settings
from adapter.documents.errors import FetchError
from adapter.documents.fetch import CallFacts, DocumentFetcher
from adapter.documents.sources import remote
from adapter.simulate.person import Plan
from adapter.simulate.run import Simulation, simulate
from adapter.simulate.trace import Kind

EXAMPLES = Path(signalwire.__file__).parent / "_docs" / "examples"
USER, PASSWORD = "swml", "a-password-of-the-tests"
CALL = {
    "call_id": "c1",
    "node_id": "n1",
    "call_state": "created",
    "direction": "inbound",
    "type": "phone",
    "from": "+15551230000",
    "to": "+15559870000",
    "headers": [],
}
# The routing example has no option for its port.
ROUTING = "import sys; sys.path.insert(0, {folder!r}); import swml_service_routing_example as e;"
ROUTING += " e.main().serve(host='127.0.0.1', port={port})"


@contextmanager
def serving(example: str, service: str = "") -> Iterator[str]:
    """An example in a process of its own; gives its address with the credentials."""
    (port,) = find_ports(1)
    script = [str(EXAMPLES / f"{example}.py"), "--service", service, "--host", "127.0.0.1"]
    command = [*script, "--port", str(port), "--suppress-logs"]
    if example == "swml_service_routing_example":
        command = ["-c", ROUTING.format(folder=str(EXAMPLES), port=port)]
    environment = {
        **os.environ,
        "SWML_BASIC_AUTH_USER": USER,
        "SWML_BASIC_AUTH_PASSWORD": PASSWORD,
    }
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: answers(address), within=40, what=example, every=0.2)
        yield f"http://{USER}:{PASSWORD}@127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def answers(address: str) -> bool:
    try:
        return http_get(address).status > 0
    except OSError:
        return False


def fetch(url: str) -> bytes:
    settings = Settings()
    fetcher = DocumentFetcher(settings)
    try:
        return fetcher.fetch(remote(url), CallFacts(CALL), project=Project(**project()))
    finally:
        fetcher.close()


@pytest.mark.parametrize(
    ("example", "service", "path", "digits", "steps"),
    [
        ("basic_swml_service", "voicemail", "/voicemail", (), ["answer", "record", "hangup"]),
        ("basic_swml_service", "ivr", "/ivr", ("3",), ["prompt", "record", "hangup"]),
        ("basic_swml_service", "record", "/record", (), ["record_call", "hangup"]),
        ("swml_service_routing_example", "", "/main", (), ["answer", "hangup"]),
        ("swml_service_routing_example", "", "/main/customer", (), ["answer", "hangup"]),
    ],
)
def test_an_example_runs_to_its_end(
    tmp_path: Path, example: str, service: str, path: str, digits: tuple, steps: list[str]
) -> None:
    """Whatever it asks of the web is not there; time is skipped."""
    with serving(example, service) as address:
        document = tmp_path / "document.yaml"
        document.write_bytes(fetch(address + path))
    outcome = simulate(Simulation(document, plan=Plan(digits=digits), stubs=[]))
    ran = [entry.text for entry in outcome.trace.of(Kind.STEP)]
    for step in steps:
        assert any(step in line for line in ran), (step, ran)
    assert not outcome.stopped


def test_an_example_that_fails_itself_is_named() -> None:
    """The SDK's dynamic example answers 500 to every POST (3.7.5): the fallback is for such."""
    with (
        serving("dynamic_swml_service", "greeting") as address,
        pytest.raises(FetchError, match="answered 500") as failed,
    ):
        fetch(f"{address}/greeting")
    assert PASSWORD not in str(failed.value)


def test_a_call_gets_its_document_from_a_service(world: World) -> None:
    """On a switch: the document that the service makes, with Basic auth from the URL."""
    with serving("swml_service_routing_example") as address:
        phone = world.run(None, variables={"swml_url": f"{address}/main"})
    assert phone.answered
    assert phone.hear().seconds_audible() > 0.5
