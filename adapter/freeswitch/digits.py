"""The keys that the party of a call presses (DTMF), kept until somebody asks for them."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator

from gevent.event import Event as Flag

from adapter.freeswitch.call import Call
from adapter.freeswitch.wire import Event

TYPED_AHEAD = 64
"""Digits that are kept for the next prompt; the oldest are forgotten."""


class Digits:
    """What was pressed on one call and not yet asked for, the oldest first."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._pressed: deque[str] = deque(maxlen=TYPED_AHEAD)
        self.news = Flag()
        """Set when a digit was pressed, or the call is gone; cleared by `take`."""
        self._interrupted: Flag | None = None
        self._diverted: Callable[[str], None] | None = None
        call.on("DTMF", self._on_dtmf)
        call.on("CHANNEL_HANGUP", lambda _: self.news.set())
        call.when_ended(self.news.set)

    @property
    def waiting(self) -> bool:
        """Whether there is one to take."""
        return bool(self._pressed)

    @property
    def first(self) -> str:
        """The one that would be taken; empty where none waits."""
        return self._pressed[0] if self._pressed else ""

    def take(self, timeout: float) -> str | None:
        """The next digit, waited for up to `timeout` seconds; raises `CallGone`."""
        self._call.raise_if_gone()
        self.news.clear()
        if not self._pressed:
            self._call.wait(self.news, timeout=timeout)
        self._call.raise_if_gone()
        return self._pressed.popleft() if self._pressed else None

    def forget(self) -> None:
        """What was pressed so far was meant for something else."""
        self._pressed.clear()

    def divert(self, to: Callable[[str], None]) -> Callable[[], None]:
        """Give what is pressed to somebody else from now on; returns what ends that."""
        self._diverted = to

        def take_back() -> None:
            if self._diverted is to:
                self._diverted = None

        return take_back

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[Flag]:
        """A flag that a digit sets while this lasts; what plays `until` it is cut off by the digit.

        Not by a command of its own: what has been sent and has not begun is nothing that the switch
        could cut off, and with `all` it is forgotten, and nobody says so (switch_core_session.c,
        `switch_core_session_flush_private_events`).
        """
        interrupted = self._interrupted = Flag()
        try:
            yield interrupted
        finally:
            self._interrupted = None

    def interrupt(self) -> None:
        """Wake who waits for a digit, and cut off what one would cut off."""
        self.news.set()
        if self._interrupted is not None:
            self._interrupted.set()

    def _on_dtmf(self, event: Event) -> None:
        if self._diverted is not None:
            self._diverted(event.get("DTMF-Digit"))
            return
        self._pressed.append(event.get("DTMF-Digit"))
        self.interrupt()
