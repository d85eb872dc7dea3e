"""One running recording: which frames go into the file, when it ends by itself, and why.

Source: switch_ivr_async.c (record_callback, switch_ivr_record_session_event). Knows neither
sockets nor greenlets: who owns it calls `advance` with the number of the frame that it is now.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from adapter.simswitch.audio import FRAME, FRAME_MS, mean_level, silence
from adapter.simswitch.files import RecordingFile
from adapter.simswitch.mixer import (
    DEFAULT_PRE_BUFFER_FRAMES,
    NO_FRAME,
    FrameMixer,
    Run,
    append_frame,
)
from adapter.simswitch.strings import atoi, is_true
from adapter.simswitch.timeline import Timeline

NOTHING_PLAYED = -1  # the value of samples where a direction had no packet
TIMEOUT_THRESHOLD = 200  # armed by any RECORD_*_TIMEOUT_MS, even one of 0


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """RECORD_* variables of one recording; `get` looks in its own, then the channel's."""

    channels: int
    reads: bool
    writes: bool
    swapped: bool
    pre_buffer: int
    initial_timeout_ms: int
    final_timeout_ms: int
    threshold: int
    min_seconds: int

    @classmethod
    def parse(cls, get: Callable[[str], str | None]) -> RecordOptions:
        swapped = is_true(get("RECORD_STEREO_SWAP"))
        write_only = is_true(get("RECORD_WRITE_ONLY"))
        read_only = is_true(get("RECORD_READ_ONLY"))
        initial = _milliseconds(get("RECORD_INITIAL_TIMEOUT_MS"))
        final = _milliseconds(get("RECORD_FINAL_TIMEOUT_MS"))
        armed = TIMEOUT_THRESHOLD if initial is not None or final is not None else 0
        asked = _milliseconds(get("RECORD_SILENCE_THRESHOLD"))
        return cls(
            channels=2 if swapped or is_true(get("RECORD_STEREO")) else 1,
            reads=read_only or not write_only,
            writes=not read_only,
            swapped=swapped,
            pre_buffer=_pre_buffer(get("RECORD_PRE_BUFFER_FRAMES")),
            initial_timeout_ms=initial or 0,
            final_timeout_ms=final or 0,
            threshold=armed if asked is None else asked,
            min_seconds=atoi(get("RECORD_MIN_SEC")),
        )


def _milliseconds(value: str | None) -> int | None:
    number = atoi(value)
    return number if value is not None and number >= 0 else None


def _pre_buffer(value: str | None) -> int:
    return DEFAULT_PRE_BUFFER_FRAMES if value is None else max(0, atoi(value))


class Recording:
    """A recording of a call, from `begin` on."""

    def __init__(
        self,
        path: str,
        file: RecordingFile,
        options: RecordOptions,
        variables: Mapping[str, str],
        *,
        says: Timeline,
        hears: Timeline,
        receives: Callable[[int], bool],
    ) -> None:
        self.path, self.options, self.variables = path, options, variables
        self.masked = False
        self.paused = self.overdue = False
        self.prune = False
        self.ends: int | None = None
        """The frame at which its limit ends it, however late anybody looks."""
        self.cause: str | None = None
        self.size: int | None = None
        self.samples = 0
        self._file = file
        self._says, self._hears, self._receives = says, hears, receives
        self._mixer = FrameMixer(
            reads=options.reads, writes=options.writes, pre_buffer=options.pre_buffer
        )
        self._runs: list[Run] = []
        self._next = 0
        self._frames = 0
        self._spoke = not options.threshold
        self._quiet_since: int | None = 0
        self._timeout_ms = options.initial_timeout_ms

    @property
    def detects_silence(self) -> bool:
        return self.options.threshold > 0

    @property
    def frames(self) -> int:
        """Frames taken so far, written or not."""
        return self._frames

    def begin(self, now: int) -> None:
        """The first frame that is taken is frame `now`."""
        self._next = self._quiet_since = now

    def advance(self, now: int) -> None:
        """Takes every frame before frame `now`; `prune` says that silence ended it."""
        if self.ends is not None:
            now = min(now, self.ends)
        for frame in range(self._next, now):
            if not self.paused:
                self._take(frame)
            self._next = frame + 1
            if self.prune:
                break
        self._next = max(self._next, now)

    def _take(self, frame: int) -> None:
        played = self._hears.at(frame) is not None
        for read, write in self._mixer.tick(frame, said=self._receives(frame), played=played):
            append_frame(self._runs, read, write, self.masked)
            self._frames += 1
            if self.detects_silence:
                self._judge(frame, read, write)

    def _judge(self, now: int, read: int, write: int) -> None:
        """Silence is a frame whose mean over all channels is below the threshold."""
        level = int(mean_level(self._samples(Run(read, write, 1, masked=False))))
        if level >= self.options.threshold:
            if self._quiet_since is not None:
                self._spoke, self._quiet_since = True, None
                self._timeout_ms = self.options.final_timeout_ms
        elif self._quiet_since is None:
            self._quiet_since = now
        elif 0 < self._timeout_ms <= (now - self._quiet_since) * FRAME_MS:
            self.prune = True
            self.cause = self.cause or ("success-silence" if self._spoke else "no-input-timeout")

    def write_out(self) -> None:
        """Renders what was taken and hands it to the file."""
        for run in self._runs:
            samples = self._samples(run)
            self.samples += len(samples) // self.options.channels
            self._file.write(samples.tobytes())
        self._runs.clear()
        if self._file.failed:
            self.cause = self.cause or "uri-failure"

    def close(self, *, call_gone: bool) -> None:
        """Ends the file and settles the cause; frames up to now must have been taken."""
        for read, write in self._mixer.drain():
            append_frame(self._runs, read, write, self.masked)
        self.write_out()
        self.size = self._file.close()
        self.cause = self._empty_cause() or self.cause or self._end_cause(call_gone)

    @property
    def discarded(self) -> bool:
        return self.cause in {"empty-file", "input-too-short"}

    def _empty_cause(self) -> str | None:
        if not self._frames:
            return "empty-file"
        too_short = self.samples < self.options.min_seconds * 1000 // FRAME_MS * FRAME
        return "input-too-short" if too_short else None

    def _end_cause(self, call_gone: bool) -> str:
        if not call_gone:
            return "success-maxtime"
        return "success-silence" if self._spoke and self._frames else "no-input-timeout"

    def _samples(self, run: Run) -> array[int]:
        options = self.options
        if run.masked:
            return silence(run.count * FRAME * options.channels)
        said = self._direction(self._says, run.read, run.count, options.reads)
        played = self._direction(self._hears, run.write, run.count, options.writes)
        if options.channels == 1:
            return _mixed(said, played)
        left, right = (played, said) if options.swapped else (said, played)
        both = silence(2 * len(left))
        both[0::2], both[1::2] = left, right
        return both

    @staticmethod
    def _direction(timeline: Timeline, first: int, count: int, wanted: bool) -> array[int]:
        if not wanted:
            return silence(count * FRAME)
        if first == NO_FRAME:
            return silence(count * FRAME, NOTHING_PLAYED)
        return timeline.render(first, count)


def _mixed(first: array[int], second: array[int]) -> array[int]:
    """The sum of both, limited to 16 bits."""
    if not any(second):
        return first
    sums = [a + b for a, b in zip(first, second, strict=True)]
    if max(sums) > 32767 or min(sums) < -32768:
        sums = [max(-32768, min(32767, value)) for value in sums]
    return array("h", sums)


def remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)
