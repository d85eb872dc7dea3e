"""Writes that the store cannot take now are held in memory, in order, until it can.

A full disk or a locked database must neither end a call nor lose what was to be told of it. What
is held is lost only if the process dies before the store is well again.
"""

from __future__ import annotations

from collections import deque

import gevent
import structlog

from adapter.metrics import HELD_WRITES
from adapter.store.errors import RowRefusedError, StoreError
from adapter.store.store import Store
from adapter.store.writes import Write

log = structlog.get_logger()

RETRY_SECONDS = 1.0
"""How often a broken store is tried again."""

MAX_HELD = 100_000
"""Transactions held; beyond it (hours of a full disk) the newest are dropped, and logged."""


class HeldWrites:
    """Commits to a store that may be broken for a while."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: deque[tuple[Write, ...]] = deque()
        self._greenlet: gevent.Greenlet | None = None

    @property
    def count(self) -> int:
        """How many transactions are held."""
        return len(self._held)

    def commit(self, *writes: Write) -> bool:
        """Commit now if the store is well, and later if not; False for later."""
        if self._held:
            return self._hold(writes)
        try:
            self._store.commit(*writes)
        except StoreError as error:
            log.error("the store is broken, writes are held", reason=str(error))  # noqa: TRY400
            return self._hold(writes)
        return True

    def _hold(self, writes: tuple[Write, ...]) -> bool:
        if len(self._held) >= MAX_HELD:
            log.error("too many writes are held, one is dropped", writes=repr(writes)[:1000])
            return False
        self._held.append(writes)
        HELD_WRITES.set(len(self._held))
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._retry)
            self._greenlet.name = "held writes"
        return False

    def _retry(self) -> None:
        while self._held:
            gevent.sleep(RETRY_SECONDS)
            try:
                while self._held:
                    self._store.commit(*self._held[0])
                    self._held.popleft()
            except StoreError as error:
                self._judge(error)
            HELD_WRITES.set(len(self._held))

    def _judge(self, error: StoreError) -> None:
        """What will never be taken must not block the rest; a store that is broken may be well."""
        if isinstance(error, RowRefusedError):
            writes = self._held.popleft()
            log.error("a write was refused for good", reason=str(error), writes=repr(writes)[:1000])
        else:
            log.info("the store is still broken", reason=str(error), held=len(self._held))
