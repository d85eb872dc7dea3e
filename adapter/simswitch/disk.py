"""The disk that recordings are written to, which can be told to be full (`sim disk full`)."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from io import FileIO


@dataclass(slots=True)
class Disk:
    """A full one makes new files, but nothing more goes into any: ENOSPC, as from a file system."""

    full: bool = False

    def write(self, file: FileIO, data: bytes) -> None:
        """Write at the file's end; raises OSError."""
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        while data:
            data = data[file.write(data) :]
