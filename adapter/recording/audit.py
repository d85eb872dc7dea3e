"""Whether the recordings folder holds what the store says: nothing missing, altered or unknown.

Read only. It may run beside a working adapter: files are listed before rows are read, and a row is
there before its file is; what retention deletes meanwhile is looked up once more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from adapter.recording import files
from adapter.recording.retention import SOUNDS
from adapter.recording.state import State
from adapter.store.rows import Recording
from adapter.store.store import Store

WITH_FILE = (State.FINISHED, State.NO_INPUT)
"""States that promise a file."""

DATABASE = "adapter.db"
"""Where both are in one folder, the database and its companions are no recordings."""

ROUNDING = 0.002
"""Seconds by which a stored duration, rounded to milliseconds, may differ from the file's."""

ROWS_AT_ONCE = 500


class Problem(StrEnum):
    """What can be wrong with a recording."""

    MISSING = "missing"
    """It ended with a file, and that is not there."""
    UNREADABLE = "unreadable"
    SIZE = "size"
    DURATION = "duration"
    LEFT_OVER = "left over"
    """It is deleted, and the file is still there."""
    ORPHAN = "orphan"
    """A file that no recording names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. An orphan has no recording."""

    problem: Problem
    path: str
    recording_id: str | None
    detail: str


@dataclass(slots=True)
class Audit:
    """Compares store and folder; while `findings` is walked, `checked` counts the rows."""

    store: Store
    folder: Path
    checked: int = 0

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong. Raises StoreError, and OSError if the folder cannot be read."""
        unknown = set(_listed(self.folder))
        present = frozenset(unknown)
        for row in self._rows():
            unknown.discard(row.path)
            yield from self._judged(row, present)
        for path in sorted(unknown):
            size = _size(self.folder / path)
            if size is not None:
                yield Finding(Problem.ORPHAN, path, None, f"{size} bytes that no recording names")

    def _rows(self) -> Iterator[Recording]:
        after = ""
        while rows := self.store.all_recordings(limit=ROWS_AT_ONCE, after=after):
            yield from rows
            after = rows[-1].id
            self.checked += len(rows)

    def _judged(self, row: Recording, present: frozenset[str]) -> Iterator[Finding]:
        if row.deleted_at is not None:
            if row.path in present and (self.folder / row.path).exists():
                yield Finding(Problem.LEFT_OVER, row.path, row.id, "deleted, but the file is there")
        elif row.state in WITH_FILE:
            finding = self._compared(row)
            if finding and not self._was_deleted(row):
                yield finding

    def _compared(self, row: Recording) -> Finding | None:
        path = self.folder / row.path
        size = _size(path)
        if size is None:
            return Finding(Problem.MISSING, row.path, row.id, "there is no such file")
        if size != row.size:
            detail = f"{size} bytes, the store says {row.size}"
            return Finding(Problem.SIZE, row.path, row.id, detail)
        try:
            facts = files.examine(path, row.format)
        except files.NoRecording as error:
            return Finding(Problem.UNREADABLE, row.path, row.id, str(error))
        if facts.duration is None or abs(facts.duration - (row.duration or 0)) <= ROUNDING:
            return None
        detail = f"{facts.duration:.3f} s, the store says {row.duration}"
        return Finding(Problem.DURATION, row.path, row.id, detail)

    def _was_deleted(self, row: Recording) -> bool:
        latest = self.store.recording(row.id)
        return latest is None or latest.deleted_at is not None


def _listed(folder: Path) -> Iterator[str]:
    """The files in the folder, by their paths below it."""
    for place, folders, names in os.walk(folder, onerror=_raise):
        below = Path(place).relative_to(folder)
        if below == Path():
            folders[:] = [name for name in folders if name != SOUNDS]
            names = [name for name in names if not name.startswith(DATABASE)]
        yield from (str(below / name) for name in names)


def _raise(error: OSError) -> None:
    raise error


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
