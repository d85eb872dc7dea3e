"""A library of recordings in the test's own folder."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from recording_library import Library

from adapter.store.store import Store


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    folder = tmp_path / "recordings"
    folder.mkdir()
    store = Store.open(f"sqlite:///{tmp_path}/adapter.db")
    yield Library(store, folder, time.time())
    store.close()
