"""A store on each kind of database, one in the test's own folder, and rows to put into it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapter.store.rows import Callback, Recording
from adapter.store.store import Store

MakeRecording = Callable[..., Recording]
MakeCallback = Callable[..., Callback]

RECEIVER = "http://127.0.0.1:9"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "adapter.db"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(database: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{database}")
    yield opened
    opened.close()


@pytest.fixture
def a_recording() -> MakeRecording:
    def make(recording_id: str = "rec-1", **changes: object) -> Recording:
        values: dict[str, object] = {
            "id": recording_id,
            "call_id": "call-1",
            "node_id": "node-1",
            "control_id": "ctl-1",
            "project_id": "project-1",
            "space_id": "space-1",
            "event_channel": "swml:1",
            "state": "recording",
            "path": f"{recording_id}.wav",
            "created_at": 100.0,
        }
        return Recording(**(values | changes))

    return make


@pytest.fixture
def a_callback() -> MakeCallback:
    def make(callback_id: str = "cb-1", **changes: object) -> Callback:
        values: dict[str, object] = {
            "id": callback_id,
            "stream": "rec-1",
            "project_id": "project-1",
            "url": f"{RECEIVER}/status",
            "origin": RECEIVER,
            "body": b"{}",
            "created_at": 100.0,
            "next_attempt_at": 100.0,
        }
        return Callback(**(values | changes))

    return make
