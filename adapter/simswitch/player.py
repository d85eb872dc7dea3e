"""A sound on its way to the party, in whole frames of the call."""

from adapter.simswitch.audio import FRAME, FRAME_MS, Source
from adapter.simswitch.channel import Channel

LONG_WAIT = 3600.0  # a wait without an end still looks around once an hour


class Player:
    """A source on its way to the party, in whole frames."""

    def __init__(self, channel: Channel, source: Source) -> None:
        self._channel, self._source = channel, source
        self._played = 0
        self._frames = None if source.length is None else -(-source.length // FRAME)
        self.go_on()

    def go_on(self) -> None:
        self._segment = self._channel.play(self._source, self._played)
        self._end = None if self._frames is None else self._segment.start + self._left() + 1

    def _left(self) -> int:
        return max(0, (self._frames or 0) - self._played)

    def stop(self) -> None:
        if self._segment.end is None:
            running = self._running()
            self._segment.end = self._segment.start + running
            self._played += running

    def _running(self) -> int:
        """Frames of the segment that runs."""
        if self._segment.end is not None:
            return 0
        now = self._channel.frame_now
        last = now if self._end is None else min(now, self._end - 1)
        return max(0, last - self._segment.start)

    @property
    def milliseconds(self) -> int:
        """What was heard so far."""
        return (self._played + self._running()) * FRAME_MS

    def seconds_left(self) -> float:
        return LONG_WAIT if self._end is None else self._channel.seconds_until(self._end)


class FileHandle:
    """A file that `playback` plays: `uuid_fileman` finds the one that was opened last."""

    paused = False
