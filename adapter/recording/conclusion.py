"""How a recording ended that nobody looked after: by the facts of its file."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from msgspec.structs import replace

from adapter.recording import files
from adapter.recording.state import Reason, State
from adapter.recording.trimming import trim
from adapter.store.rows import CONFERENCE

if TYPE_CHECKING:
    from adapter.recording.archive import Archive
    from adapter.store.rows import Recording

log = structlog.get_logger()


def concluded(archive: Archive, row: Recording, reason: Reason = Reason.SWITCH) -> Recording:
    """The row as it is at the end; a file whose writer died is repaired."""
    path, now = archive.path(row), time.time()
    try:
        facts = files.examine(path, row.format)
        if facts.truncated:
            files.repair(path)
        changed = path.stat().st_mtime if not facts.truncated else now
        facts = _trimmed(path, row, facts)
    except (files.NoRecording, OSError) as error:
        return replace(
            row,
            state=State.ERROR,
            reason=reason,
            ended_at=now,
            error_code="file_missing",
            error_message=f"nobody saw the end of the recording, and {error}",
        )
    guessed = max(0.0, changed - (row.started_at or row.created_at))
    return replace(
        row,
        state=State.FINISHED,
        reason=reason,
        ended_at=min(now, changed),
        size=facts.size,
        duration=round(guessed if facts.duration is None else facts.duration, 3),
        truncated=facts.truncated,
    )


def _trimmed(path: Path, row: Recording, facts: files.FileFacts) -> files.FileFacts:
    """The facts of a conference's file without the silence at its ends, if that is wanted."""
    if row.format != "wav" or not row.options.get(CONFERENCE, {}).get("trim"):
        return facts
    try:
        trimmed = trim(path)
    except OSError as error:
        log.warning("a recording keeps its silence", recording=row.id, reason=str(error))
        return facts
    if not trimmed:
        return facts
    return dataclasses.replace(files.examine(path, row.format), truncated=facts.truncated)
