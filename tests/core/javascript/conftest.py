"""An engine that is closed again, and its processes counted."""

from pathlib import Path

import pytest

from adapter.javascript import Engine, EngineLimits


@pytest.fixture
def make_engine():
    made = []

    def make_engine(**limits):
        engine = Engine(EngineLimits(**limits))
        made.append(engine)
        return engine

    yield make_engine
    for engine in made:
        engine.close()


@pytest.fixture
def engine(make_engine):
    return make_engine()


@pytest.fixture
def children():
    """The helper processes that this process has now."""

    def children():
        me = Path("/proc/self/task")
        found = []
        for task in me.iterdir():
            found += (task / "children").read_text().split()
        return {int(pid) for pid in found if is_helper(pid)}

    return children


def is_helper(pid):
    try:
        return b"worker.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
