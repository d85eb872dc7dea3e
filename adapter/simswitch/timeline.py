"""Who made which sound when, in frames of 20 ms since the call began. Pure.

A call has two timelines: what the party says (it sends a packet in every frame, silent or
not) and what the switch plays to it (nothing at all in most frames).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass

from adapter.simswitch.audio import FRAME, Source, silence


@dataclass(slots=True)
class Segment:
    """A source from frame `start` to `end` (None: still running), from its own frame `skip` on."""

    start: int
    source: Source
    skip: int = 0
    end: int | None = None

    def covers(self, frame: int) -> bool:
        return self.start <= frame and (self.end is None or frame < self.end)


class Timeline:
    """Segments in the order they began; where two overlap the later one is heard."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._starts: list[int] = []

    def begin(self, frame: int, source: Source, skip: int = 0) -> Segment:
        """Starts a sound; sounds must be started in order."""
        segment = Segment(max(frame, self._starts[-1] if self._starts else frame), source, skip)
        self._segments.append(segment)
        self._starts.append(segment.start)
        return segment

    def at(self, frame: int) -> Segment | None:
        """The sound in this frame, the latest if there are several."""
        for index in range(bisect_right(self._starts, frame) - 1, -1, -1):
            if self._segments[index].covers(frame):
                return self._segments[index]
        return None

    def render(self, first: int, count: int) -> array[int]:
        """The samples of `count` frames; frames without a sound are zeros."""
        out = array("h")
        frame = first
        while frame < first + count:
            segment = self.at(frame)
            until = self._change_after(frame, segment, first + count)
            out += _part(segment, frame, until - frame)
            frame = until
        return out

    def _change_after(self, frame: int, segment: Segment | None, limit: int) -> int:
        following = bisect_right(self._starts, frame)
        candidates = [limit]
        if following < len(self._starts):
            candidates.append(self._starts[following])
        if segment is not None and segment.end is not None:
            candidates.append(segment.end)
        return min(candidates)


def _part(segment: Segment | None, frame: int, count: int) -> array[int]:
    if segment is None:
        return silence(count * FRAME)
    start = (frame - segment.start + segment.skip) * FRAME
    return _padded(segment.source, start, count * FRAME)


def _padded(source: Source, start: int, count: int) -> array[int]:
    left = count if source.length is None else max(0, min(count, source.length - start))
    return source.samples(start, left) + silence(count - left)


class Frames:
    """A timeline's samples since the call began."""

    length = None

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def samples(self, start: int, count: int) -> array[int]:
        frame, skipped = divmod(start, FRAME)
        frames = -(-(skipped + count) // FRAME)
        return self._timeline.render(frame, frames)[skipped : skipped + count]
