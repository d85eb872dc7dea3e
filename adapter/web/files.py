"""A recording's file, opened so that only a regular file below the recordings folder can be read.

The path comes from the store and not from the request.  Even so every folder on the way is opened
without following symbolic links and relative to the one above (`openat`), so that a link planted in
the recordings folder does not serve other files of this machine.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path, PurePosixPath
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T", covariant=True)

CHUNK = 256 * 1024  # large enough to keep the cost of a call small, small enough for fairness
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Without O_NONBLOCK opening a pipe would wait for its writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Offload(Protocol):
    """Runs a blocking call where it holds up nobody else, for example in a native thread."""

    def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...


def directly(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the call here: for tests and where nobody waits."""
    return call(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An open file with the facts of the very file that was opened."""

    descriptor: int
    size: int
    modified: float
    etag: str

    @property
    def last_modified(self) -> str:
        return formatdate(self.modified, usegmt=True)

    def close(self) -> None:
        os.close(self.descriptor)


def open_below(folder: Path, relative: str) -> OpenFile:
    """Open `relative` below `folder`.

    Raises FileNotFoundError when there is no such regular file, or when a link, an absolute path or
    `..` would lead elsewhere; OSError when it cannot be read.
    """
    parts = PurePosixPath(relative).parts
    if not parts or parts[0] == "/" or ".." in parts or "\0" in relative:
        raise FileNotFoundError(relative)
    directory = os.open(folder, _FOLDER)
    try:
        for part in parts[:-1]:
            below = _openat(part, _FOLDER | os.O_NOFOLLOW, directory)
            os.close(directory)
            directory = below
        return _facts(_openat(parts[-1], _FILE, directory))
    finally:
        os.close(directory)


def _openat(name: str, flags: int, directory: int) -> int:
    try:
        return os.open(name, flags, dir_fd=directory)
    except PermissionError:
        raise
    except OSError as error:  # ELOOP and ENOTDIR: a link or a file where a folder should be
        raise FileNotFoundError(name) from error


def _facts(descriptor: int) -> OpenFile:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise FileNotFoundError("not a regular file")
    etag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    return OpenFile(descriptor, facts.st_size, facts.st_mtime, etag)


class FileChunks:
    """The bytes `start` to `stop` of an open file; closes it when the server is done with it."""

    def __init__(self, file: OpenFile, start: int, stop: int, offload: Offload) -> None:
        self._file = file
        self._position = start
        self._stop = stop
        self._offload = offload

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        wanted = min(CHUNK, self._stop - self._position)
        if wanted <= 0:
            raise StopIteration
        data = self._offload(os.pread, self._file.descriptor, wanted, self._position)
        if not data:
            # The length has been promised: only breaking the connection tells the client.
            raise OSError("the recording became shorter while it was sent")
        self._position += len(data)
        return data

    def close(self) -> None:
        self._file.close()
