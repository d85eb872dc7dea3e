"""A file system of a test's own, small enough to be filled. Only root may mount one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

KILOBYTES = 400


class SmallDisk:
    """A tmpfs of a few hundred kilobytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no byte."""
        handle = os.open(self._filler, os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(handle, bytes(4096))
        except OSError:
            os.close(handle)

    def free(self) -> None:
        self._filler.unlink()

    def write_protect(self) -> None:
        """Mount it read-only."""
        _run("mount", "-o", "remount,ro", str(self.folder))


@contextmanager
def small_disk(folder: Path, kilobytes: int = KILOBYTES) -> Iterator[SmallDisk]:
    """Mount one at a folder; skips the test where that is not permitted."""
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0777", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system can be mounted by root only")
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
