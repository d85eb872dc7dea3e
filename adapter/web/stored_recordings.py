"""A project's recordings in the store, for REST and LaML alike: found, listed, deleted.

What belongs to another project, and what was deleted, is not there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from adapter.config import Project
from adapter.recording import retention
from adapter.recording.state import State
from adapter.store.rows import FAX, Recording, RecordingFilter
from adapter.store.store import Store
from adapter.web.paging import Wanted

RUNNING = frozenset({State.STARTING, State.RECORDING, State.PAUSED, State.STOPPING})

TRACKS = {"speak": "inbound", "listen": "outbound", "both": "both"}
"""What the party says comes in, what it hears goes out."""


class StillRunningError(Exception):
    """A recording that runs cannot be deleted."""


class Told(Protocol):
    """Who hears of what happens to calls."""

    def __call__(self, call_id: str, name: str, details: Mapping[str, Any], /) -> None: ...


class StoredRecordings:
    """Recordings, and where they are downloaded."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        url: Callable[[Recording], str],
        *,
        told: Told = lambda _call_id, _name, _details: None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._told = told
        self.url = url

    def find(self, project: Project, recording_id: str) -> Recording | None:
        """The recording, if it is the project's and not deleted."""
        row = self.any(recording_id)
        mine = row is not None and row.project_id == project.id and row.deleted_at is None
        return row if mine and row and FAX not in row.options else None

    def any(self, recording_id: str) -> Recording | None:
        """The recording, whosever it is, and deleted ones too."""
        return self._store.recording(recording_id)

    def rows(
        self, project: Project, asked: Wanted, wanted: RecordingFilter | None = None
    ) -> list[Recording]:
        """The recordings of a page, and one more if there is one."""
        chosen = replace(wanted or RecordingFilter(), project_id=project.id, deleted=False)
        return self._store.recordings(
            chosen, limit=asked.limit, offset=asked.offset, cursor=asked.cursor
        )

    def kinds(self, rows: Sequence[Recording]) -> dict[str, str]:
        """phone, sip or webrtc for the calls of these recordings, as far as they are known."""
        return self._store.call_kinds(sorted({row.call_id for row in rows}))

    def delete(self, row: Recording) -> None:
        """Delete the file; its download answers 410 from then on. Raises StillRunningError."""
        if row.state in RUNNING:
            raise StillRunningError
        retention.delete(self._store, self._folder, row, time.time())
        self._told(row.call_id, "recording.deleted", {"recording_id": row.id})


def changed_at(row: Recording) -> float:
    """When the recording was last in another state."""
    return max(moment for moment in (row.created_at, row.started_at, row.ended_at) if moment)
