"""Waits that a call's script can be called away from, when it is to do something else.

    with call.conducted():          # the script's greenlet
        call.wait(…)                # every wait of its steps
    call.interrupt()                # anybody: `Interrupted` is raised in that wait, or in the next

Nothing but these waits is broken off: never a command half sent, a request or a commit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import gevent
from gevent.event import Event as Flag

from adapter.freeswitch.errors import Interrupted
from adapter.patience import Awaited


class Interruptible:
    """What a call is besides: something whose script may be interrupted."""

    def __init__(self) -> None:
        self._conductor: gevent.Greenlet | None = None
        self._waits = False
        self._interrupted = False

    @contextlib.contextmanager
    def conducted(self) -> Iterator[None]:
        """While it lasts, the waits of this greenlet can be interrupted; those of others cannot."""
        self._conductor = gevent.getcurrent()
        try:
            yield
        finally:
            self._conductor = None

    def interrupt(self) -> None:
        """Call the script away from what it does."""
        self._interrupted = True
        gevent.get_hub().loop.run_callback(self._throw)

    def calm_down(self) -> None:
        """The script does what it was called away for: nobody else is to be called away."""
        self._interrupted = False

    def wait(
        self, awaited: Awaited, *, timeout: float | None = None, until: Flag | None = None
    ) -> bool:
        """Wait until it is set, or until the other one is; False when neither came in time.

        Raises `Interrupted` in the greenlet that conducts the call.
        """
        if gevent.getcurrent() is not self._conductor:
            return _wait(awaited, timeout, until)
        self._raise_if_interrupted()
        self._waits = True
        try:
            return _wait(awaited, timeout, until)
        finally:
            self._waits = False

    def _raise_if_interrupted(self) -> None:
        interrupted, self._interrupted = self._interrupted, False
        if interrupted:
            raise Interrupted

    def _throw(self) -> None:
        """In the event loop, as gevent's own timeouts do it."""
        if self._waits and self._interrupted and self._conductor is not None:
            self._interrupted = self._waits = False
            self._conductor.throw(Interrupted)


def _wait(awaited: Awaited, timeout: float | None, until: Flag | None) -> bool:
    if until is None:
        awaited.wait(timeout)
        return awaited.ready()
    return bool(gevent.wait([awaited, until], timeout=timeout, count=1))
