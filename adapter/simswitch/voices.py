"""What one party says, as a source that another one hears; and what a party heard. Pure.

Both are made from timelines when somebody asks, so they must be asked for the past only.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from adapter.simswitch.audio import FRAME, SAMPLE_MAX, Source, silence
from adapter.simswitch.channel import Channel
from adapter.simswitch.timeline import Timeline


class Voice:
    """What the party of `channel` says from its frame `first` on; without an end."""

    length = None

    def __init__(self, channel: Channel, first: int | None = None) -> None:
        self._channel = channel
        self._first = channel.frame_now if first is None else first

    def samples(self, start: int, count: int) -> array[int]:
        frame, skipped = divmod(start, FRAME)
        frames = -(-(skipped + count) // FRAME)
        if not self._channel.sends_media:
            return silence(count)
        return self._channel.says.render(self._first + frame, frames)[skipped : skipped + count]


def heard_by(channel: Channel, first: int = 0) -> array[int]:
    """Everything that was played to a party from frame `first` on, without the pauses."""
    return played(channel.hears, first, channel.media_frame)


def played(timeline: Timeline, first: int, until: int) -> array[int]:
    """The frames of a timeline in which anything was played, one after the other."""
    out = array("h")
    start: int | None = None
    for frame in range(first, until + 1):
        sounds = frame < until and timeline.at(frame) is not None
        if sounds and start is None:
            start = frame
        elif not sounds and start is not None:
            out += timeline.render(start, frame - start)
            start = None
    return out


class Mix:
    """Several sources at once, each from a sample of its own on; one that has ended is silent."""

    length = None

    def __init__(self, sources: Iterable[tuple[Source, int]]) -> None:
        self._sources = tuple(sources)

    def samples(self, start: int, count: int) -> array[int]:
        parts = [_stretch(source, start + skip, count) for source, skip in self._sources]
        if len(parts) == 1:
            return parts[0]
        sums = map(sum, zip(*parts, strict=True)) if parts else [0] * count
        return array("h", [max(-SAMPLE_MAX, min(SAMPLE_MAX, value)) for value in sums])


def _stretch(source: Source, start: int, count: int) -> array[int]:
    left = count if source.length is None else max(0, min(count, source.length - start))
    return source.samples(start, left) + silence(count - left)
