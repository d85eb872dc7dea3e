"""Work for several calls at the same time, and for each of them in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import gevent
from gevent.pool import Pool

MOST_WAITING = 1000
"""Jobs of one client that are not done yet."""

Job = Callable[[], None]


class TooMany(Exception):
    """More is asked for than is done meanwhile."""


class Lanes:
    """One client's. A job must not raise."""

    def __init__(self, at_once: int) -> None:
        self._pool = Pool(at_once)
        self._lanes: dict[str, deque[Job]] = {}
        self._waiting = 0

    def put(self, lane: str, job: Job) -> None:
        """Do it after what was put into this lane before; raises TooMany."""
        if self._waiting >= MOST_WAITING:
            raise TooMany
        self._waiting += 1
        jobs = self._lanes.get(lane)
        if jobs is None:
            self._lanes[lane] = jobs = deque()
            # The pool may be full: whoever puts the job does not wait for that.
            gevent.spawn(self._pool.spawn, self._run, lane, jobs)
        jobs.append(job)

    def _run(self, lane: str, jobs: deque[Job]) -> None:
        while jobs:
            try:
                jobs.popleft()()
            finally:
                self._waiting -= 1
        del self._lanes[lane]
