"""Calls that the workers of one `serve` count together, so that a limit is one for all of them.

The numbers stand in memory that the workers share. Each worker writes its own part, so that nothing
is lost when one dies: its parent then empties that part. Who counts adds first and looks then, so
that no two can both take the last place.

What is counted (a peer's address) has no room of its own: it has one place in each of three rows,
by a keyed hash, and the smallest of the three is its number. Others may share one of its places,
hardly ever all three: with 2000 peers at once in one of 600 cases, and then it is counted too high.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

ROWS = 3
WIDTH = 1 << 14
KEY_BYTES = 32
"""Of the hash: nobody outside knows who shares a place with whom."""

KEPT_PLACES = 1024
"""Names whose places are remembered; calls come from few addresses."""

PART_BYTES = ROWS * WIDTH * 4

MEMORY = "/dev/shm"  # noqa: S108 - a file without a name is ours alone


class Tally:
    """One worker's view: its own part to write, and those of all to read."""

    def __init__(self, descriptor: int, worker: int = 0) -> None:
        """`descriptor` is that of `shared_memory`, here or in the parent."""
        memory = memoryview(mmap.mmap(descriptor, 0))
        self._key = bytes(memory[:KEY_BYTES])
        numbers = memory[KEY_BYTES:].cast("I")
        size = PART_BYTES // 4
        self._parts = [numbers[at : at + size] for at in range(0, len(numbers), size)]
        self._worker = worker
        self._places = lru_cache(KEPT_PLACES)(self._hashed)

    @classmethod
    def alone(cls) -> Tally:
        """For a process that has no others beside it."""
        return cls(shared_memory(1))

    def add(self, name: str) -> int:
        """Count one more; how many there are now, in all workers."""
        own, places = self._parts[self._worker], self._places(name)
        for place in places:
            own[place] += 1
        return self._sum(places)

    def remove(self, name: str) -> None:
        """Count one less of what this worker has added."""
        own = self._parts[self._worker]
        for place in self._places(name):
            own[place] -= 1

    def count(self, name: str) -> int:
        """How many there are, in all workers."""
        return self._sum(self._places(name))

    def forget(self, worker: int) -> None:
        """That worker is dead, and nothing of it counts any more."""
        self._parts[worker].cast("B")[:] = bytes(PART_BYTES)

    def _sum(self, places: tuple[int, ...]) -> int:
        return min(sum(part[place] for part in self._parts) for place in places)

    def _hashed(self, name: str) -> tuple[int, ...]:
        digest = blake2b(name.encode(errors="replace"), key=self._key, digest_size=4 * ROWS)
        words = memoryview(digest.digest()).cast("I")
        return tuple(row * WIDTH + word % WIDTH for row, word in enumerate(words))


def shared_memory(workers: int) -> int:
    """The descriptor of memory for so many workers, which child processes can be given."""
    folder = Path(MEMORY)
    with tempfile.TemporaryFile(dir=folder if os.access(folder, os.W_OK) else None) as file:
        file.write(os.urandom(KEY_BYTES))
        file.truncate(KEY_BYTES + workers * PART_BYTES)
        file.flush()
        return os.dup(file.fileno())
