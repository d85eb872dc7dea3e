"""A hard end for what waits on others: DNS, a connection, headers or a body that trickle.

It is guarded twice: by a timer that ends any wait of the greenlet (in a monkey-patched process),
and by a clock to look at between two pieces of work, since data that is always there never waits.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent


class Overdue(Exception):
    """It took too long in all."""


class Clock:
    """The time left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise Overdue once there is none."""
        if time.monotonic() > self._end:
            raise Overdue


@contextmanager
def within(seconds: float) -> Iterator[Clock]:
    """Do what is inside in so many seconds, or raise Overdue there."""
    timer = gevent.Timeout.start_new(seconds)
    try:
        yield Clock(seconds)
    except gevent.Timeout as error:
        if error is not timer:
            raise
        raise Overdue from error
    finally:
        timer.close()
