"""What became of a recording that was closed: the facts of its file, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.recording import disk, files
from adapter.recording.parts import Rates
from adapter.recording.state import Closed, Failure

if TYPE_CHECKING:
    from adapter.recording.archive import Archive
    from adapter.store.rows import Recording


@dataclass(frozen=True, slots=True)
class Outcome:
    """`facts` are the row's at the end; without a file there are none."""

    failure: Failure | None
    facts: dict[str, Any]


def outcome(
    archive: Archive, row: Recording, closed: Closed, rates: Rates, recorded: float
) -> Outcome:
    """Read the file. `recorded` are the seconds that passed on our clock, for want of better."""
    path = archive.path(row)
    try:
        if closed.cause == "empty-file":
            files.write_empty(path, row.format, 2 if row.stereo else 1)
        found = files.examine(path, row.format)
    except (files.NoRecording, OSError) as error:
        reason = (
            f"{error}. Is recordings_dir the folder that FreeSWITCH sees as "
            f"{archive.switch_folder}?"
        )
        return Outcome(Failure("file_missing", reason), {})
    facts = {
        "size": found.size,
        "duration": round(_duration(found, closed, rates, recorded), 3),
        "truncated": found.truncated,
    }
    written = count(closed.samples)
    if rates.changed:
        written = rates.total(written, found.rate)
    return Outcome(disk.loss(found, written, archive.folder), facts)


def _duration(found: files.FileFacts, closed: Closed, rates: Rates, recorded: float) -> float:
    if found.duration is not None:
        return found.duration
    if rates.changed and found.plays is not None:
        return found.plays
    if rates.changed and found.rate and closed.samples:
        return rates.seconds(count(closed.samples), found.rate)
    if closed.milliseconds.isdigit():
        return int(closed.milliseconds) / 1000
    return recorded


def count(digits: str) -> int:
    """A number of samples as the switch tells it; 0 where it does not."""
    return int(digits) if digits.isdigit() else 0
