"""Listens to the party of a call from now on: when it begins to speak, when it has finished."""

from __future__ import annotations

import contextlib
from pathlib import Path

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.freeswitch.capture import Capture
from adapter.freeswitch.errors import CallGone
from adapter.greenlets import spawn
from adapter.speech.activity import Activity, Frames

log = structlog.get_logger()

LOOK_SECONDS = 0.06
"""How often we listen: a word is noticed within a tenth of a second of voice and this."""


class Listener:
    """One time of listening, until `silence` seconds follow speech or `seconds` are over."""

    def __init__(self, capture: Capture, *, silence: float, seconds: float) -> None:
        self.spoke = Flag()
        """The party has begun to speak."""
        self.finished = Flag()
        """It has spoken and is silent again, or nothing more will be heard."""
        self._capture = capture
        self._silence = silence
        self._seconds = seconds
        self._watching: gevent.Greenlet | None = None

    @property
    def path(self) -> Path:
        """The file with what was said, once it is stopped."""
        return self._capture.path

    def start(self) -> None:
        """Begin; raises what the switch refuses."""
        self._capture.start(seconds=self._seconds)
        self._watching = spawn(self._watch, name=f"listening {self.path.stem}")

    def stop(self) -> None:
        """End it: the file is whole."""
        self._capture.stop()

    def close(self) -> None:
        """End it, and forget what was said."""
        if self._watching is not None:
            self._watching.kill()
        with contextlib.suppress(CallGone):
            self._capture.drop()

    def _watch(self) -> None:
        frames, activity = Frames(), Activity()
        try:
            while not self._capture.ended.wait(LOOK_SECONDS):
                for frame in frames.cut(self._capture.more()):
                    activity.hear(frame)
                if activity.spoke:
                    self.spoke.set()
                    if activity.silence >= self._silence:
                        return
        except Exception:
            log.exception("listening failed inside the adapter")
        finally:
            self.finished.set()
