"""The keys that the party of a call presses (DTMF), kept until somebody asks for them."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator

from gevent.event import Event as Flag

from adapter.freeswitch import commands
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import SwitchError
from adapter.freeswitch.wire import Event
from adapter.greenlets import spawn

TYPED_AHEAD = 64
"""Digits that are kept for the next prompt; the oldest are forgotten."""


class Digits:
    """What was pressed on one call and not yet asked for, the oldest first."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._pressed: deque[str] = deque(maxlen=TYPED_AHEAD)
        self.news = Flag()
        """Set when a digit was pressed, or the call is gone; cleared by `take`."""
        self._interrupts = False
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
    def interrupting(self) -> Iterator[None]:
        """While it lasts, a digit cuts off what plays."""
        self._interrupts = True
        try:
            yield
        finally:
            self._interrupts = False

    def _on_dtmf(self, event: Event) -> None:
        if self._diverted is not None:
            self._diverted(event.get("DTMF-Digit"))
            return
        self._pressed.append(event.get("DTMF-Digit"))
        self.news.set()
        if self._interrupts:
            spawn(self._cut_off)

    def _cut_off(self) -> None:
        with contextlib.suppress(SwitchError):
            self._call.api(commands.break_playback(self._call.uuid))
