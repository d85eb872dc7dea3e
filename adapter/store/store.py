"""The store: what must survive a crash.

One thread writes, in shared transactions (`group.py`); one thread reads. Neither blocks the hub.
A read sees every commit that has returned. All methods are called from greenlets of one hub.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from adapter.store import claims, housekeeping, interventions, pages, queries, schema, statements
from adapter.store.claims import Taken, Want
from adapter.store.errors import DamagedError, StoreError, StoreTimeoutError
from adapter.store.group import GroupCommitter, Job
from adapter.store.housekeeping import Page
from adapter.store.lane import Lane, again_if_lost
from adapter.store.rows import (
    Callback,
    CallbackFilter,
    CallEvents,
    CallLog,
    CallLogFilter,
    CallPosition,
    Cursor,
    OutboxCounts,
    Recording,
    RecordingFilter,
    Removable,
)
from adapter.store.tables import schema_version
from adapter.store.writes import PutCallback, Write, can_be_stored

T = TypeVar("T")

DEFAULT_DEADLINE = 5.0
PROBE_SECONDS = 2.0
"""/ready may be asked often and by many; the disk is tried at most this often."""

PROBE_DEADLINE = 1.0
"""Who asks /ready gives up after a second or two; a disk that takes longer is not ready."""

ALL_RECORDINGS = RecordingFilter()
ALL_CALLBACKS = CallbackFilter()

CallbackListener = Callable[[Sequence[Callback]], None]


class Store:
    """Recordings, callbacks and call positions in SQLite or PostgreSQL; use `Store.open`."""

    def __init__(self, url: str, deadline: float) -> None:
        self._deadline = deadline
        self._writer = Lane(url, deadline)
        self._reader = Lane(url, deadline)
        self._listener: CallbackListener | None = None
        self._probed_at = 0.0
        self._damage: str | None = None
        self._group: GroupCommitter

    @classmethod
    def open(cls, url: str, *, deadline: float = DEFAULT_DEADLINE) -> "Store":
        """Open the store, making or migrating its tables.

        `url` is `sqlite:////path/adapter.db` (made if it is not there) or
        `postgresql://user:password@host/name`. `deadline` (seconds) limits every commit and read.
        Raises StoreError: unreachable, damaged, or written by a newer version.
        """
        store = cls(url, deadline)
        try:
            store._writer.open()
            store._writer.run(schema.prepare)
            store._reader.open()
            dialect = store._writer.run(lambda connection: connection.dialect.name)
        except StoreError:
            store._close_lanes()
            raise
        store._group = GroupCommitter(
            store._writer, statements.build(dialect), store._tell_listener
        )
        return store

    def close(self) -> None:
        """Commit what waits and close. Later calls raise StoreError."""
        self._group.close(self._deadline)
        self._close_lanes()

    def commit(self, *writes: Write, deadline: float | None = None) -> None:
        """Make all the writes in one transaction; return when it is committed.

        Every kind of write may be repeated: after a StoreTimeoutError, commit the same again.
        Raises StoreError if nothing was written.
        """
        self._submit(Job(writes), deadline)

    def change(self, task: Callable[[sa.Connection], T], *, deadline: float | None = None) -> T:
        """Run a change that has an answer, in the next transaction."""
        answer: T = self._submit(Job(task=task), deadline)
        return answer

    def listen(self, listener: CallbackListener | None) -> None:
        """Tell `listener` of callbacks once they are committed. It must not block or raise."""
        self._listener = listener

    def fault(self) -> str | None:
        """Why nothing can be written at present, or None. Tries the disk now and then.

        A damage that was met once is told until the store is opened anew.
        """
        if self._damage is not None:
            return self._damage
        now = time.monotonic()
        if self._group.fault is not None or now - self._probed_at >= PROBE_SECONDS:
            self._probed_at = now
            try:
                self.change(_probe, deadline=PROBE_DEADLINE)
            except StoreError as error:
                return str(error)
        return None

    def healthy(self) -> bool:
        """Whether a commit would succeed now."""
        return self.fault() is None

    def recording(self, recording_id: str) -> Recording | None:
        if not can_be_stored(recording_id):
            return None
        return self._read(lambda c: queries.recording(c, recording_id))

    def find_recording(self, call_id: str, control_id: str) -> Recording | None:
        """The newest recording of this call with this control id."""
        return self._read(lambda c: queries.find_recording(c, call_id, control_id))

    def recordings(
        self,
        wanted: RecordingFilter = ALL_RECORDINGS,
        *,
        limit: int = 50,
        offset: int = 0,
        cursor: Cursor | None = None,
    ) -> list[Recording]:
        """Recordings, newest first; deleted ones only if the filter asks for them."""
        if not can_be_stored(wanted.call_id or ""):
            return []
        return self._read(lambda c: queries.list_recordings(c, wanted, limit, offset, cursor))

    def count_recordings(self, wanted: RecordingFilter = ALL_RECORDINGS) -> int:
        return self._read(lambda c: queries.count_recordings(c, wanted))

    def all_recordings(self, *, limit: int = 500, after: str = "") -> list[Recording]:
        """Every recording, deleted ones too, ordered by id; go on behind the last one's id."""
        return self._read(lambda c: queries.all_recordings(c, limit, after))

    def removable_recordings(
        self, wanted: Removable, *, limit: int = 500, after: tuple[float, str] = (0.0, "")
    ) -> list[Recording]:
        """Recordings that may be removed, oldest end first; go on behind the last one's end, id."""
        return self._read(lambda c: queries.removable_recordings(c, wanted, limit, after))

    def kept_bytes(self) -> dict[str, int]:
        """Bytes of all ended recordings that are not deleted, by format."""
        return self._read(queries.kept_bytes)

    def call_log(self, call_id: str) -> CallLog | None:
        """What is known of a call, running or over."""
        if not can_be_stored(call_id):
            return None
        return self._read(lambda c: pages.call_log(c, call_id))

    def call_logs(
        self,
        wanted: CallLogFilter,
        *,
        limit: int = 50,
        offset: int = 0,
        cursor: Cursor | None = None,
    ) -> list[CallLog]:
        """Calls, newest first."""
        return self._read(lambda c: pages.list_call_logs(c, wanted, cursor, limit, offset))

    def call_kinds(self, call_ids: Sequence[str]) -> dict[str, str]:
        """phone, sip or webrtc for those of the calls that are known."""
        return self._read(lambda c: pages.call_kinds(c, call_ids))

    def call_pieces(self, call_id: str) -> list[CallEvents]:
        """A call's events, in order."""
        return self._read(lambda c: pages.call_pieces(c, call_id))

    def call(self, call_id: str) -> CallPosition | None:
        return self._read(lambda c: queries.call(c, call_id))

    def document(self, content_hash: str) -> tuple[str, str] | None:
        """A kept document's name and text."""
        return self._read(lambda c: queries.document(c, content_hash))

    def callback(self, callback_id: str) -> Callback | None:
        return self._read(lambda c: queries.callback(c, callback_id))

    def callbacks(
        self, wanted: CallbackFilter = ALL_CALLBACKS, *, limit: int = 100, after: int = 0
    ) -> list[Callback]:
        """Callbacks in the order they were stored; go on behind the last one's position."""
        return self._read(lambda c: queries.list_callbacks(c, wanted, limit, after))

    def count_callbacks(self, wanted: CallbackFilter = ALL_CALLBACKS) -> int:
        return self._read(lambda c: queries.count_callbacks(c, wanted))

    def retry_callbacks(self, wanted: CallbackFilter, *, now: float) -> int:
        """Make undelivered callbacks due at the Unix time `now`, failed ones too; how many."""
        pages = (
            partial(interventions.retry, wanted=one, now=now)
            for one in interventions.by_state(wanted)
        )
        return sum(map(self._change_in_pages, pages))

    def drop_callbacks(self, wanted: CallbackFilter) -> int:
        """Delete undelivered callbacks, which then never go out; how many."""
        pages = (partial(interventions.drop, wanted=one) for one in interventions.by_state(wanted))
        return sum(map(self._change_in_pages, pages))

    def outbox_counts(self) -> OutboxCounts:
        """How many callbacks wait or have failed, and how long the oldest waits."""
        return self._read(queries.outbox_counts)

    def take_callbacks(
        self, wants: Sequence[Want], *, worker: str, now: float, until: float
    ) -> list[Taken]:
        """Claim due callbacks for `worker` until the Unix time `until` (see `claims.py`)."""
        return self.change(partial(claims.take, wants=wants, worker=worker, now=now, until=until))

    def release_callbacks(self, worker: str) -> int:
        """Give back every claim of `worker`."""
        return self.change(partial(claims.release, worker=worker))

    def callback_origins(self, *, after: str = "", limit: int = 1000) -> list[str]:
        """Receivers with pending callbacks, in order; go on behind the last one."""
        return self._read(lambda c: claims.origins(c, after=after, limit=limit))

    def ask(self, question: Callable[[sa.Connection], T]) -> T:
        """Read something, in the reader's thread."""
        return self._read(question)

    def forget(self, before: float) -> int:
        """Delete delivered callbacks and calls that are over, or left, since before this Unix time.

        Returns how many.
        """
        callbacks = self._change_in_pages(partial(housekeeping.forget_callbacks, before=before))
        return callbacks + self._change_until_none(
            partial(housekeeping.forget_calls, before=before)
        )

    def forget_recordings(self, before: float) -> int:
        """Delete the rows of recordings whose files were deleted before this Unix time; how many.

        From then on nothing tells them from recordings that never were.
        """
        return self._change_until_none(partial(housekeeping.forget_recordings, before=before))

    def forget_call_logs(self, before: float) -> int:
        """Delete calls, with their events, that began before this Unix time; how many."""
        return self._change_until_none(partial(housekeeping.forget_call_logs, before=before))

    def _change_in_pages(self, change: Callable[..., Page]) -> int:
        count, after = 0, 0
        while True:
            page: Page = self.change(partial(change, after=after))
            count += page.count
            if page.last is None:
                return count
            after = page.last

    def _change_until_none(self, change: Callable[[sa.Connection], int]) -> int:
        count = 0
        while changed := self.change(change):
            count += changed
        return count

    def _close_lanes(self) -> None:
        for lane in (self._writer, self._reader):
            with suppress(StoreTimeoutError):
                lane.close()

    def _read(self, query: Callable[[sa.Connection], T]) -> T:
        def in_own_transaction(connection: sa.Connection) -> T:
            try:
                return query(connection)
            finally:
                connection.rollback()

        try:
            return self._reader.run(lambda c: again_if_lost(partial(in_own_transaction, c)))
        except DamagedError as error:
            self._damage = str(error)
            raise

    def _submit(self, job: Job, deadline: float | None) -> Any:
        try:
            return self._group.submit(job, deadline or self._deadline)
        except DamagedError as error:
            self._damage = str(error)
            raise

    def _tell_listener(self, writes: Sequence[Write]) -> None:
        if self._listener is not None:
            stored = [write.callback for write in writes if isinstance(write, PutCallback)]
            if stored:
                self._listener(stored)


def _probe(connection: sa.Connection) -> None:
    connection.execute(sa.update(schema_version).values(checked_at=time.time()))
