"""Pauses of a running recording, done on the switch the moment they are asked for.

They do not wait for the recording's own greenlet: that may just be storing its last news, and what
must not be heard (the digits of a card) is being said now.
"""

from __future__ import annotations

from collections.abc import Callable

from gevent.lock import RLock

from adapter.recording.pauses import Behavior, Pauses

_PAUSE = {Behavior.SKIP: "pause", Behavior.SILENCE: "mask"}
_RESUME = {Behavior.SKIP: "resume", Behavior.SILENCE: "unmask"}
"""What the switch calls it (mod_commands.c, `session_record_function`)."""


class Pausing:
    """Pauses one recording and lets it go on; `control` sends an action to the switch."""

    def __init__(
        self, control: Callable[[str], None], pauses: Pauses, clock: Callable[[], float]
    ) -> None:
        self.pauses = pauses
        self.lock = RLock()
        """To be held from the question whether it runs until others are told that it does not."""
        self._control = control
        self._clock = clock

    def begin(self, behavior: Behavior) -> bool:
        """Pause, or go on pausing in another manner; False when there is nothing to change."""
        before = self.pauses.behavior
        if before is behavior:
            return False
        # The new manner first: between the two nothing is to be heard.
        self._control(_PAUSE[behavior])
        if before is not None:
            self._control(_RESUME[before])
        self.pauses = self.pauses.begin(behavior, self._clock())
        return True

    def end(self) -> bool:
        """Record again; False when it does so already."""
        if self.pauses.behavior is None:
            return False
        self._control(_RESUME[self.pauses.behavior])
        self.pauses = self.pauses.end(self._clock())
        return True

    def repeat(self) -> None:
        """Tell the switch once more: it has just begun anew, and is not paused."""
        if self.pauses.behavior is not None:
            self._control(_PAUSE[self.pauses.behavior])

    def restore(self) -> None:
        """Make the switch do what was stored: its last change may have found no one to store it."""
        for behavior in Behavior:
            wanted = _PAUSE if behavior is self.pauses.behavior else _RESUME
            self._control(wanted[behavior])
