"""Simulated calls of documents that a test writes."""

import gc
import textwrap
from collections.abc import Callable
from pathlib import Path

import gevent
import pytest

from adapter.simulate import Outcome, Plan, Simulation, Stub, simulate


@pytest.fixture(autouse=True, scope="module")
def alone() -> None:
    """Ends what other rooms' tests left running in this process: a simulation shows every log."""
    # By its type: to ask a proxy of what is gone for its class is an error.
    greenlets = [one for one in gc.get_objects() if issubclass(type(one), gevent.Greenlet)]
    gevent.killall([one for one in greenlets if not one.dead])


@pytest.fixture
def document(tmp_path: Path) -> Callable[[str], Path]:
    """A file with these steps, or with these sections."""

    def write(text: str) -> Path:
        text = textwrap.dedent(text)
        if not text.lstrip().startswith("main:"):
            text = "main:\n" + textwrap.indent(text, "  ")
        file = tmp_path / "document.yaml"
        file.write_text("sections:\n" + textwrap.indent(text, "  "))
        return file

    return write


@pytest.fixture
def call(document: Callable[[str], Path]) -> Callable[..., Outcome]:
    """Simulate a call; options are those of Plan and Simulation."""

    def run(text: str, **options: object) -> Outcome:
        own = {
            name: options.pop(name) for name in ("stubs", "envs", "real_time") if name in options
        }
        own.setdefault("stubs", [Stub(url="*.wav", sound=2), Stub(url="*", body="{}")])
        return simulate(Simulation(document(text), Plan(**options), **own))

    return run
