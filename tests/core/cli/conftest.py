"""The program's commands on a store with a little in it."""

import os
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from adapter.cli import app
from adapter.store.rows import Callback, Recording
from adapter.store.store import Store
from adapter.store.writes import PutCallback, PutRecording

DAY = 86_400.0
SECRET = "a-secret-of-some-length"


@dataclass
class World:
    """A data folder as an adapter leaves it, and the commands that look at it."""

    place: Path
    store: Store

    @property
    def recordings(self) -> Path:
        return self.place / "recordings"

    def settings(self, text: str = "") -> None:
        (self.place / "settings.yaml").write_text(f"data_dir: .\nlink_secret: {SECRET}\n{text}")

    def run(self, *arguments: str, **options: object) -> Result:
        return CliRunner().invoke(app, arguments, **options)

    def record(self, name: str, *, days: float = 1.0, **changes: object) -> Path:
        """A finished recording of half a second, with its file."""
        path = self.recordings / f"{name}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8000, 4000, "NONE", ""))
            file.writeframes(bytes(8000))
        ended = time.time() - days * DAY
        os.utime(path, (ended, ended))
        values: dict[str, object] = {
            "id": name,
            "call_id": "call-1",
            "node_id": "node-1",
            "control_id": "ctl-1",
            "project_id": "project-1",
            "space_id": "space-1",
            "event_channel": "swml:1",
            "state": "finished",
            "path": path.name,
            "created_at": ended,
            "ended_at": ended,
            "duration": 0.5,
            "size": path.stat().st_size,
        }
        self.store.commit(PutRecording(Recording(**(values | changes))))
        return path

    def running(self, name: str) -> None:
        self.record(name, state="recording", ended_at=None, duration=None, size=None)

    def tell(self, name: str, state: str = "failed", **changes: object) -> None:
        """A callback with this id."""
        values: dict[str, object] = {
            "id": name,
            "stream": "rec-1",
            "project_id": "project-1",
            "url": "https://bob:sesame@api.example.com/cb?token=sesame",
            "origin": "https://api.example.com:443",
            "body": b'{"n":1}',
            "created_at": time.time() - 7200,
            "next_attempt_at": time.time() + 100,
            "state": state,
            "attempts": 3,
            "last_status": 503,
            "last_error": "answered 503",
        }
        self.store.commit(PutCallback(Callback(**(values | changes))))

    def state_of(self, callback_id: str) -> str | None:
        row = self.store.callback(callback_id)
        return row and row.state


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Its store stays open, as that of an adapter that runs meanwhile."""
    for name in [name for name in os.environ if name.startswith("SWML_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SWML_CONFIG", str(tmp_path / "settings.yaml"))
    # It would write to the runner's output for the rest of the process.
    monkeypatch.setattr("adapter.log.configure", lambda *_: None)
    (tmp_path / "recordings").mkdir()
    made = World(tmp_path, Store.open(f"sqlite:///{tmp_path}/adapter.db"))
    made.settings()
    with structlog.testing.capture_logs():
        yield made
    made.store.close()
