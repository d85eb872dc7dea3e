"""Where each call stands in its document, written down so that another process can go on.

A call's position is noted at each step and written at most INTERVAL later, many calls in one
transaction: a step costs nothing while it runs, and the store sees one write for steps that follow
each other at once. What must not be done twice if we die (a `request`, for one) waits for the
write: :meth:`Positions.flush`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Protocol

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.store.errors import StoreError
from adapter.store.rows import CallPosition
from adapter.store.store import Store
from adapter.store.writes import PutCall, PutDocument, Write
from adapter.swml.document import Document

log = structlog.get_logger()

INTERVAL = 0.02
"""Seconds by which a position may be behind: a tick of the switch, so that it cannot be heard."""

RETRY_SECONDS = 1.0
"""After the store has failed, how long it is left alone."""

REMEMBERED_DOCUMENTS = 10_000
"""Documents known to be in the store; beyond that they are offered again, which does no harm."""


class Placed(Protocol):
    """A call whose position can be asked for."""

    call_id: str
    session_id: str
    node_id: str
    over: bool
    """Whether the call has ended."""

    def position(self) -> dict[str, Any]:
        """Everything that going on needs, as JSON-able data."""

    def documents(self) -> Iterable[Document]:
        """The documents that the position names by their hashes."""


class Positions:
    """Keeps the positions of all calls of this process."""

    def __init__(self, store: Store, worker: str) -> None:
        self._store = store
        self._worker = worker
        self._changed: dict[str, Placed] = {}
        self._wake = Flag()
        self._kept: set[str] = set()
        gevent.spawn(self._run).name = "positions"

    def note(self, call: Placed) -> None:
        """The call has moved on."""
        self._changed[call.call_id] = call
        self._wake.set()

    def flush(self, call: Placed) -> None:
        """Write this call's position now; raises StoreError if that fails."""
        self._changed.pop(call.call_id, None)
        self._store.commit(*self._writes(call))

    def end(self, call: Placed) -> None:
        """The call is over: its position is only history."""
        self._changed.pop(call.call_id, None)
        now = time.time()
        self._store.commit(PutCall(self._row(call, {}, now, ended_at=now)))

    def find(self, call_id: str, session_id: str) -> dict[str, Any] | None:
        """Where the call stood when it was last written; None for a call that is new or over."""
        row = self._store.call(call_id)
        if row is None or row.ended_at is not None or row.session_id != session_id:
            return None
        return dict(row.state)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            gevent.sleep(INTERVAL)
            self._wake.clear()
            changed, self._changed = self._changed, {}
            try:
                self._store.commit(*(write for c in changed.values() for write in self._writes(c)))
            except StoreError:
                log.exception("where calls stand could not be written")
                self._changed = {i: c for i, c in changed.items() if not c.over} | self._changed
                gevent.sleep(RETRY_SECONDS)
                self._wake.set()

    def _writes(self, call: Placed) -> list[Write]:
        kept: list[Write] = []
        for document in call.documents():
            if document.content_hash not in self._kept:
                kept.append(PutDocument(document.content_hash, document.name, document.source))
                if len(self._kept) < REMEMBERED_DOCUMENTS:
                    self._kept.add(document.content_hash)
        return [*kept, PutCall(self._row(call, call.position(), time.time()))]

    def _row(
        self, call: Placed, state: dict[str, Any], now: float, ended_at: float | None = None
    ) -> CallPosition:
        return CallPosition(
            call_id=call.call_id,
            session_id=call.session_id,
            node_id=call.node_id,
            worker=self._worker,
            state=state,
            updated_at=now,
            ended_at=ended_at,
        )
