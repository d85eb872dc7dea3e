import gc
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from falcon import testing
from prometheus_client import CollectorRegistry, Counter

from adapter.config import Settings
from adapter.web.app import create_app

AUDIO = bytes(range(256)) * 4


@dataclass(frozen=True)
class Row:
    id: str = "r1"
    state: str = "finished"
    path: str = "2030/r1.wav"
    format: str = "wav"
    ended_at: float | None = 1000.0
    deleted_at: float | None = None


class FakeStore:
    def __init__(self):
        self.rows = {"r1": Row()}

    def change(self, **changes):
        self.rows["r1"] = replace(self.rows["r1"], **changes)

    def recording(self, recording_id):
        return self.rows.get(recording_id)


@dataclass
class World:
    """The application with one finished recording in its store."""

    client: testing.TestClient
    store: FakeStore
    folder: object
    reasons: list
    audio: bytes = AUDIO
    url: str = "/api/v1/recordings/r1/download"

    def get(self, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.simulate_get(self.url, headers=names)


@pytest.fixture
def make_world(tmp_path):
    def make(**settings):
        folder = tmp_path / "recordings"
        (folder / "2030").mkdir(parents=True, exist_ok=True)
        (folder / "2030" / "r1.wav").write_bytes(AUDIO)
        registry = CollectorRegistry()
        Counter("calls", "calls so far", registry=registry).inc()
        store, reasons = FakeStore(), []
        app = create_app(
            Settings(recordings_dir=folder, **settings),
            store,
            verify=lambda recording_id, signature, secret: signature == f"{recording_id}.{secret}",
            reasons=lambda: reasons,
            registry=registry,
        )
        return World(testing.TestClient(app), store, folder, reasons)

    return make


@pytest.fixture
def world(make_world):
    return make_world()


@pytest.fixture
def open_descriptors():
    """A function that counts them."""
    gc.collect()
    return lambda: sum(1 for _ in Path("/proc/self/fd").iterdir())
