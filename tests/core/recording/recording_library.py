"""Recordings of any age in a store and a folder."""

import os
import wave
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from adapter.store.rows import Callback, Recording
from adapter.store.store import Store
from adapter.store.writes import PutCallback, PutRecording

DAY = 86_400.0
RATE = 8000


@dataclass
class Library:
    """What an adapter has recorded."""

    store: Store
    folder: Path
    now: float

    def add(self, name: str, *, days: float = 1.0, frames: int = 400, **changes: object) -> Path:
        """A recording that ended so many days ago, with its file; the file's path."""
        ended = self.now - days * DAY
        row = Recording(
            id=name,
            call_id="call-1",
            node_id="node-1",
            control_id=f"control-{name}",
            project_id="project-1",
            space_id="space-1",
            event_channel="swml:1",
            state="finished",
            path=f"{name}.wav",
            created_at=ended - 10.0,
            started_at=ended - 10.0,
            ended_at=ended,
            duration=frames / RATE,
        )
        path = self.folder / str(changes.get("path", row.path))
        write_wav(path, frames)
        os.utime(path, (ended, ended))
        row = replace(row, size=path.stat().st_size)
        self.store.commit(PutRecording(replace(row, **changes)))
        return path

    def tell(self, name: str, state: str, **changes: object) -> None:
        """A callback of the recording."""
        values: dict[str, object] = {
            "id": f"callback-{name}-{state}",
            "stream": name,
            "project_id": "project-1",
            "url": "http://127.0.0.1:9/",
            "origin": "http://127.0.0.1:9",
            "body": b"{}",
            "created_at": self.now,
            "next_attempt_at": self.now,
            "state": state,
        }
        self.store.commit(PutCallback(Callback(**(values | changes))))

    def deleted(self) -> set[str]:
        rows = self.store.all_recordings()
        return {row.id for row in rows if row.deleted_at is not None}

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir() if path.is_file()}


def write_wav(path: Path, frames: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * frames))
