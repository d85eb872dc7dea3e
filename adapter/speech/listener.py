"""Listens to the party of a call from now on: when it begins to speak, when it has finished.

Two captures run side by side. One holds all that is said and ends when speech is followed by
silence. The other ends at the first short pause after a sound, which is the soonest the switch can
tell us that somebody speaks; where it was but a click, it starts anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.freeswitch.call import Call
from adapter.freeswitch.capture import Capture
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.speech.activity import has_voice

log = structlog.get_logger()

FIRST_PAUSE = 0.1
"""Seconds of silence after a sound by which its beginning is known."""


class Listener:
    """One time of listening, at most `seconds` long; `make` makes captures of the call."""

    def __init__(self, call: Call, make: Callable[[], Capture], seconds: float) -> None:
        self.spoke = Flag()
        """The party has begun to speak."""
        self._call = call
        self._make = make
        self._seconds = seconds
        self._speech = make()
        self._beginning: Capture | None = None
        self._watching: gevent.Greenlet | None = None
        self._over = False

    @property
    def finished(self) -> Flag:
        """The party has spoken and is silent again, or the time is over."""
        return self._speech.ended

    @property
    def path(self) -> Path:
        """The file with what was said, once it is stopped."""
        return self._speech.path

    def start(self, end_silence: float) -> None:
        """Begin; raises what the switch refuses."""
        self._speech.start(seconds=self._seconds, end_silence=end_silence)
        self._watching = gevent.spawn(self._watch)
        self._watching.name = f"listening to {self._call.uuid}"

    def has_begun(self) -> bool:
        """Whether the party speaks, looked at now: it may be in the middle of its first word."""
        if not self.spoke.is_set() and self._beginning is not None:
            self._beginning.stop()
            if self._watching is not None:
                self._watching.join(1)
        return bool(self.spoke.is_set())

    def stop(self) -> None:
        """End it: the file is whole."""
        self._over = True
        for capture in (self._beginning, self._speech):
            if capture is not None:
                capture.stop()

    def close(self) -> None:
        """End it, and forget what was said."""
        self._over = True
        with contextlib.suppress(CallGone):
            for capture in (self._beginning, self._speech):
                if capture is not None:
                    capture.drop()

    def _watch(self) -> None:
        try:
            while not self._over and not self.spoke.is_set():
                self._beginning = self._make()
                self._beginning.start(seconds=self._seconds, end_silence=FIRST_PAUSE)
                self._beginning.ended.wait()
                if has_voice(self._beginning.path):
                    self.spoke.set()
                self._beginning.drop()
        except CallGone:
            pass
        except SwitchError as error:
            log.warning("the beginning of speech is not noticed", reason=str(error))
