"""How a recording ended that nobody looked after: by the facts of its file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from adapter.recording import files
from adapter.recording.state import Reason, State

if TYPE_CHECKING:
    from adapter.recording.archive import Archive
    from adapter.store.rows import Recording


def concluded(archive: Archive, row: Recording, reason: Reason = Reason.SWITCH) -> Recording:
    """The row as it is at the end; a file whose writer died is repaired."""
    path, now = archive.path(row), time.time()
    try:
        facts = files.examine(path, row.format)
        if facts.truncated:
            files.repair(path)
        changed = path.stat().st_mtime if not facts.truncated else now
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
