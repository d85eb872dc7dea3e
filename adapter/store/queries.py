"""What is read from the store. Every function runs in a lane's thread, on its connection."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from adapter.store.pages import page
from adapter.store.rows import (
    FAX_FORMATS,
    Callback,
    CallbackFilter,
    CallbackState,
    CallPosition,
    Cursor,
    OutboxCounts,
    Recording,
    RecordingFilter,
    Removable,
)
from adapter.store.tables import (
    DELIVERED,
    FAILED,
    PENDING,
    callbacks,
    calls,
    documents,
    recordings,
)

_STATES = {
    CallbackState.PENDING: PENDING,
    CallbackState.DELIVERED: DELIVERED,
    CallbackState.FAILED: FAILED,
}
# As in the index recordings_kept, so that it is used.
_KEPT = (recordings.c.deleted_at.is_(None), recordings.c.ended_at.is_not(None))


def recording(connection: sa.Connection, recording_id: str) -> Recording | None:
    rows = _recordings(connection, recordings.c.id == recording_id)
    return rows[0] if rows else None


def find_recording(connection: sa.Connection, call_id: str, control_id: str) -> Recording | None:
    """The newest recording of the call with this control id."""
    query = (
        sa.select(recordings)
        .where(recordings.c.call_id == call_id, recordings.c.control_id == control_id)
        .order_by(recordings.c.created_at.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return _recording(row) if row else None


def list_recordings(
    connection: sa.Connection,
    wanted: RecordingFilter,
    limit: int,
    offset: int,
    cursor: Cursor | None = None,
) -> list[Recording]:
    """Newest first."""
    rows = page(
        connection,
        recordings,
        _recording_conditions(wanted),
        cursor=cursor,
        limit=limit,
        offset=offset,
    )
    return [_recording(row) for row in rows]


def count_recordings(connection: sa.Connection, wanted: RecordingFilter) -> int:
    query = sa.select(sa.func.count()).select_from(recordings).where(*_recording_conditions(wanted))
    return int(connection.execute(query).scalar_one())


def all_recordings(connection: sa.Connection, limit: int, after: str) -> list[Recording]:
    """Every recording by its id, deleted ones too, those behind `after`."""
    query = (
        sa.select(recordings).where(recordings.c.id > after).order_by(recordings.c.id).limit(limit)
    )
    return [_recording(row) for row in connection.execute(query).mappings()]


def removable_recordings(
    connection: sa.Connection, wanted: Removable, limit: int, after: tuple[float, str]
) -> list[Recording]:
    """Oldest end first, those behind the end and id `after`."""
    rows = connection.execute(removable(wanted, limit, after)).mappings()
    return [_recording(row) for row in rows]


def removable(wanted: Removable, limit: int, after: tuple[float, str]) -> sa.Select[Any]:
    """Ended, there, and with no callback that is still to be sent."""
    column = recordings.c
    waits = sa.exists().where(callbacks.c.stream == column.id, callbacks.c.state == PENDING)
    conditions = [*_KEPT, sa.tuple_(column.ended_at, column.id) > sa.tuple_(*after), ~waits]
    if wanted.format is not None:
        conditions.append(column.format == wanted.format)
    if wanted.ended_before is not None:
        conditions.append(column.ended_at < wanted.ended_before)
    chosen = sa.select(recordings).where(*conditions)
    return chosen.order_by(column.ended_at, column.id).limit(limit)


def kept_bytes(connection: sa.Connection) -> dict[str, int]:
    """Bytes of the files that are there, by format."""
    rows = connection.execute(kept_bytes_query())
    return {row.format: int(row.bytes) for row in rows if row.bytes}


def kept_bytes_query() -> sa.Select[Any]:
    column = recordings.c
    total = sa.func.sum(column.size).label("bytes")
    return sa.select(column.format, total).where(*_KEPT).group_by(column.format)


def call(connection: sa.Connection, call_id: str) -> CallPosition | None:
    row = connection.execute(sa.select(calls).where(calls.c.call_id == call_id)).mappings().first()
    return _call(row) if row else None


def document(connection: sa.Connection, content_hash: str) -> tuple[str, str] | None:
    query = sa.select(documents.c.name, documents.c.source).where(documents.c.hash == content_hash)
    row = connection.execute(query).first()
    return (row.name, row.source) if row else None


def callback(connection: sa.Connection, callback_id: str) -> Callback | None:
    query = sa.select(callbacks).where(callbacks.c.id == callback_id)
    row = connection.execute(query).mappings().first()
    return Callback(**row) if row else None


def list_callbacks(
    connection: sa.Connection, wanted: CallbackFilter, limit: int, after: int
) -> list[Callback]:
    """In the order in which they were stored, those behind position `after`."""
    chosen = sa.select(callbacks).where(callbacks.c.position > after, *callback_conditions(wanted))
    query = chosen.order_by(callbacks.c.position).limit(limit)
    return [Callback(**row) for row in connection.execute(query).mappings()]


def callback_conditions(wanted: CallbackFilter) -> list[sa.ColumnElement[bool]]:
    """The filter in SQL."""
    column = callbacks.c
    tests: Sequence[tuple[Any, Callable[[Any], sa.ColumnElement[bool]]]] = (
        (wanted.stream, column.stream.__eq__),
        (wanted.origin, column.origin.__eq__),
        (wanted.ids, column.id.in_),
        (wanted.state, lambda state: column.state == _STATES[CallbackState(state)]),
    )
    return [condition(value) for value, condition in tests if value is not None]


def count_callbacks(connection: sa.Connection, wanted: CallbackFilter) -> int:
    return _count(connection, *callback_conditions(wanted))


def outbox_counts(connection: sa.Connection) -> OutboxCounts:
    oldest = sa.select(sa.func.min(callbacks.c.created_at)).where(callbacks.c.state == PENDING)
    return OutboxCounts(
        pending=_count(connection, callbacks.c.state == PENDING),
        failed=_count(connection, callbacks.c.state == FAILED),
        oldest_created_at=connection.execute(oldest).scalar(),
    )


def _count(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(callbacks).where(*conditions)
    return int(connection.execute(query).scalar_one())


def _recording_conditions(wanted: RecordingFilter) -> list[sa.ColumnElement[bool]]:
    column = recordings.c
    tests: Sequence[tuple[Any, Callable[[Any], sa.ColumnElement[bool]]]] = (
        (wanted.call_id, column.call_id.__eq__),
        (wanted.project_id, column.project_id.__eq__),
        (wanted.states, column.state.in_),
        (wanted.ended, lambda ended: _is_set(column.ended_at, ended)),
        (wanted.ended_before, column.ended_at.__lt__),
        (wanted.created_from, column.created_at.__ge__),
        (wanted.created_before, column.created_at.__lt__),
        (wanted.deleted, lambda deleted: _is_set(column.deleted_at, deleted)),
        (wanted.faxes, lambda faxes: column.format.in_(FAX_FORMATS) == faxes),
    )
    return [condition(value) for value, condition in tests if value is not None]


def _is_set(column: sa.Column[Any], wanted: bool) -> sa.ColumnElement[bool]:
    return column.is_not(None) if wanted else column.is_(None)


def _recordings(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[Recording]:
    rows = connection.execute(sa.select(recordings).where(*where)).mappings()
    return [_recording(row) for row in rows]


def _recording(row: sa.RowMapping) -> Recording:
    return Recording(**{**row, "options": json.loads(row["options"])})


def _call(row: sa.RowMapping) -> CallPosition:
    return CallPosition(**{**row, "state": json.loads(row["state"])})
