"""Waits with a deadline that hardly ever comes: many of them, watched by one greenlet.

gevent's own time-outs start and stop a timer for each wait, which costs more than the wait itself;
a call waits for the switch and the store some fifteen times. The price is precision: who waits in
vain hears of it up to a twentieth too late.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import gevent

if TYPE_CHECKING:
    from gevent.hub import Hub

LOOKS = 20
"""How often within its seconds a deadline is looked after."""


class Awaited(Protocol):
    """gevent's events and results."""

    def wait(self, timeout: float | None = None) -> Any: ...
    def ready(self) -> bool: ...


class _Late(BaseException):
    """Ends a wait; no `except Exception` on the way may swallow it."""


def wait(awaited: Awaited, seconds: float) -> bool:
    """Wait until it is ready, for about so many `seconds` at most; False when it is not."""
    return awaited.ready() or _patience(gevent.get_hub(), seconds).wait(awaited)


@cache
def _patience(hub: Hub, seconds: float) -> _Patience:
    return _Patience(hub, seconds)


class _Patience:
    """All waits of one length in one thread, so that the first to begin is the first to end."""

    def __init__(self, hub: Hub, seconds: float) -> None:
        self._hub = hub
        self._seconds = seconds
        self._ends: dict[gevent.Greenlet, float] = {}
        self._watched = False

    def wait(self, awaited: Awaited) -> bool:
        waiter = gevent.getcurrent()
        self._ends[waiter] = time.monotonic() + self._seconds
        if not self._watched:
            self._watched = True
            gevent.spawn(self._watch).name = f"patience of {self._seconds:g} s"
        try:
            awaited.wait()
        except _Late:
            pass
        finally:
            self._ends.pop(waiter, None)
        return awaited.ready()

    def _watch(self) -> None:
        """Ends with the last wait: an idle process has no timers of ours."""
        while self._ends:
            gevent.sleep(self._seconds / LOOKS)
            self._hub.loop.run_callback(self._end_overdue)
        self._watched = False

    def _end_overdue(self) -> None:
        """In the event loop, as gevent's own time-outs do it."""
        now = time.monotonic()
        while self._ends:
            waiter, end = next(iter(self._ends.items()))
            if end > now:
                return
            del self._ends[waiter]
            waiter.throw(_Late)
