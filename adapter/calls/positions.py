"""Where each call stands in its document, written down so that another process can go on.

A call's position is noted at each step and written soon after, many calls in one transaction: a
step costs nothing while it runs, and steps that follow each other at once share a write. What was
heard, and what must not be done twice if we die (a `request`, for one), is waited for:
`Positions.flush`.
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

TICK_SECONDS = 0.02
"""How far behind a position may be after a step that was heard: one tick of the switch."""

GATHER_SECONDS = 0.25
"""How long steps that nobody could hear, since they took no time, may share a write."""

RETRY_SECONDS = 1.0
"""After the store has failed, how long it is left alone."""

REMEMBERED_DOCUMENTS = 10_000
"""Documents known to be in the store; beyond that they are offered again, which does no harm."""


class Placed(Protocol):
    """A call whose position can be asked for."""

    call_id: str
    session_id: str
    node_id: str
    began: float
    """When this process took the call, in Unix seconds."""
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
        self._written: dict[str, float] = {}
        self._wake = Flag()
        self._kept: set[str] = set()
        self._writer = gevent.spawn(self._run)
        self._writer.name = "positions"

    def stop(self) -> None:
        """Write nothing more; to be called before the store is closed."""
        self._writer.kill()

    def note(self, call: Placed) -> None:
        """The call has moved on."""
        self._changed[call.call_id] = call
        self._wake.set()

    def flush(self, call: Placed) -> None:
        """Write this call's position and wait for it; with a broken store the call goes on."""
        self._changed.pop(call.call_id, None)
        try:
            self._store.commit(*self._writes(call))
        except StoreError as error:
            log.warning("where a call stands waits for the store", reason=str(error))
            self.note(call)

    def end(self, call: Placed) -> None:
        """The call is over: its position, if it was ever written, is only history."""
        self._changed.pop(call.call_id, None)
        if self._written.pop(call.call_id, None):
            now = time.time()
            try:
                self._store.commit(PutCall(self._row(call, {}, now, ended_at=now)))
            except StoreError as error:
                log.warning("the end of a call could not be written", reason=str(error))

    def find(self, call_id: str, session_id: str) -> dict[str, Any] | None:
        """Where the call stood when it was last written; None for a call that is new or over."""
        row = self._store.call(call_id)
        if row is None or row.ended_at is not None or row.session_id != session_id:
            return None
        self._written[call_id] = row.updated_at
        return dict(row.state)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._changed:
                gevent.sleep(TICK_SECONDS)
                self._write_due()

    def _write_due(self) -> None:
        quiet_since = time.time() - GATHER_SECONDS
        due = [
            call
            for call in self._changed.values()
            if self._written.get(call.call_id, call.began) < quiet_since
        ]
        for call in due:
            del self._changed[call.call_id]
        if not due:
            return
        try:
            self._store.commit(*(write for call in due for write in self._writes(call)))
        except StoreError as error:
            log.error("where calls stand could not be written", reason=str(error))  # noqa: TRY400
            self._changed = {c.call_id: c for c in due if not c.over} | self._changed
            gevent.sleep(RETRY_SECONDS)

    def _writes(self, call: Placed) -> list[Write]:
        kept: list[Write] = []
        for document in call.documents():
            if document.content_hash not in self._kept:
                kept.append(PutDocument(document.content_hash, document.name, document.source))
                if len(self._kept) < REMEMBERED_DOCUMENTS:
                    self._kept.add(document.content_hash)
        now = self._written[call.call_id] = time.time()
        return [*kept, PutCall(self._row(call, call.position(), now))]

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
