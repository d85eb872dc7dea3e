"""What is wrong with a disk, and what a file lacks though the switch reports a success."""

from pathlib import Path

import pytest

from adapter.recording import disk
from adapter.recording.files import FileFacts

WRITTEN = 24_000
"""Samples that the switch believes to be in the file."""


@pytest.mark.parametrize(
    ("seen", "hint"), [("disk_full", "free space"), (None, "look at the switch's log")]
)
def test_a_file_that_lacks_sound_is_an_error_with_the_reason_of_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: str | None, hint: str
) -> None:
    monkeypatch.setattr(disk, "LEAST_FREE", float("inf") if seen else 0)
    half = FileFacts(size=WRITTEN, duration=1.5, samples=WRITTEN // 2)
    found = disk.loss(half, WRITTEN, tmp_path)
    assert found is not None
    assert found.code == "write_failed"
    assert f"{WRITTEN // 2} of {WRITTEN} samples" in found.message
    assert hint in found.message


def test_a_whole_file_lacks_nothing_whatever_its_disk_is_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "LEAST_FREE", float("inf"))
    assert disk.loss(FileFacts(size=1, duration=3.0, samples=WRITTEN), WRITTEN, tmp_path) is None
