"""How a media bug joins the two directions of a call frame by frame. Pure.

Source: switch_core_media_bug.c (switch_core_media_bug_read), switch_ivr_async.c
(record_callback). A recording reads two buffers once per incoming packet; the pre-buffer
holds both back for some packets, which moves what is played against what is said and loses
the end of a direction that has nothing to be paired with. All that is replayed here with
frame numbers instead of samples.
"""

from collections import deque
from dataclasses import dataclass

DEFAULT_PRE_BUFFER_FRAMES = 25
NO_FRAME = -1


@dataclass(slots=True)
class Run:
    """Consecutive frames of a file: from frame `read` and frame `write` on (-1: none)."""

    read: int
    write: int
    count: int
    masked: bool

    def goes_on_with(self, read: int, write: int, masked: bool) -> bool:
        return (
            self.masked is masked
            and _follows(self.read, read, self.count)
            and _follows(self.write, write, self.count)
        )


def _follows(first: int, frame: int, count: int) -> bool:
    return frame == NO_FRAME if first == NO_FRAME else frame == first + count


class FrameMixer:
    """Feeds on what arrived in each frame, yields the frames of the file."""

    def __init__(self, *, reads: bool, writes: bool, pre_buffer: int) -> None:
        self._reads, self._writes = reads, writes
        self._pre_buffer = pre_buffer
        self._held_back = 0
        self._primed = False
        self._read: deque[int] = deque()
        self._write: deque[int] = deque()

    def tick(self, frame: int, *, said: bool, played: bool) -> list[tuple[int, int]]:
        """One incoming packet: pairs of (frame said, frame played) that go into the file."""
        if said and self._reads:
            self._read.append(frame)
        pairs = self._ping() if said else []
        if played and self._writes:
            self._write.append(frame)
        return pairs

    def drain(self) -> list[tuple[int, int]]:
        """What is still written at close: only frames that have a partner."""
        pairs: list[tuple[int, int]] = []
        while (pair := self._take(fill=True)) is not None:
            pairs.append(pair)
        return pairs

    def _ping(self) -> list[tuple[int, int]]:
        pairs: list[tuple[int, int]] = []
        pair = self._take(fill=False)
        while pair is not None:
            pairs.append(pair)
            pair = self._take(fill=True)
        return pairs

    def _take(self, *, fill: bool) -> tuple[int, int] | None:
        waiting = bool(self._read or self._write)
        if self._primed and waiting and self._held_back < self._pre_buffer:
            self._held_back += 1
            return None
        self._primed = True
        if len(self._write) > len(self._read) and len(self._write) > 2:
            self._write.popleft()
        lacks_read = self._reads and not self._read
        lacks_write = self._writes and not self._write
        if (lacks_read and lacks_write) or (fill and (lacks_read or lacks_write)):
            return None
        if fill and not waiting:
            return None
        read = self._read.popleft() if self._read else NO_FRAME
        write = self._write.popleft() if self._write else NO_FRAME
        return read, write


def append_frame(runs: list[Run], read: int, write: int, masked: bool) -> None:
    """Adds a frame of the file, lengthening the last run where it can."""
    if runs and runs[-1].goes_on_with(read, write, masked):
        runs[-1].count += 1
    else:
        runs.append(Run(read, write, 1, masked))
