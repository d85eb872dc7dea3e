"""What is wrong with the disk of the recordings, as this process sees it.

The switch says no more than `Cannot record session!`, and nothing at all when the last bytes of a
file find no space.
"""

from __future__ import annotations

import os
from pathlib import Path

from adapter.recording.files import FileFacts
from adapter.recording.state import Failure

LEAST_FREE = 64 * 1024
"""Bytes that a disk must have left to count as not full: what the switch writes at a time."""


def fault(folder: Path) -> Failure | None:
    """Full, or mounted read-only; None when neither is to be seen."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    if disk.f_flag & os.ST_RDONLY:
        return Failure("disk_read_only", f"the disk of {folder} is mounted read-only")
    if disk.f_bavail * disk.f_frsize < LEAST_FREE:
        return Failure("disk_full", f"the disk of {folder} is full: free space")
    return None


def loss(facts: FileFacts, written: int, folder: Path) -> Failure | None:
    """Whether a closed file lacks something; `written` samples the switch believes to be in it."""
    lost = facts.lacks(written)
    if not lost:
        return None
    why = fault(folder)
    hint = why.message if why else "look at the switch's log and the disk"
    return Failure("write_failed", f"{lost} of {written} samples are missing from the file: {hint}")
