"""Lists that are read page by page, by creation, the newest first.

A page begins behind (or ends before) a row that the reader has seen, not at a number of rows: what
is made or deleted meanwhile neither hides a row nor shows one twice.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adapter.store.rows import CallEvents, CallLog, CallLogFilter, Cursor
from adapter.store.tables import call_events, call_logs


def page(
    connection: sa.Connection,
    table: sa.Table,
    conditions: Sequence[sa.ColumnElement[bool]],
    *,
    cursor: Cursor | None,
    limit: int,
    offset: int = 0,
) -> list[sa.RowMapping]:
    """Up to `limit` rows, the newest first."""
    back = cursor is not None and cursor.back
    query = sa.select(table).where(*conditions)
    if cursor is not None:
        query = query.where(_beyond(table, cursor))
    order = [table.c.created_at, table.c.id]
    query = query.order_by(*(order if back else [column.desc() for column in order]))
    rows = list(connection.execute(query.limit(limit).offset(offset)).mappings())
    return rows[::-1] if back else rows


def _beyond(table: sa.Table, cursor: Cursor) -> sa.ColumnElement[bool]:
    here = sa.tuple_(table.c.created_at, table.c.id)
    there = sa.tuple_(cursor.created_at, cursor.id)
    return here > there if cursor.back else here < there


def call_log(connection: sa.Connection, call_id: str) -> CallLog | None:
    query = sa.select(call_logs).where(call_logs.c.id == call_id)
    row = connection.execute(query).mappings().first()
    return CallLog(**row) if row else None


def call_kinds(connection: sa.Connection, call_ids: Sequence[str]) -> dict[str, str]:
    """Of what kind the calls are, those that are known."""
    query = sa.select(call_logs.c.id, call_logs.c.kind).where(call_logs.c.id.in_(call_ids))
    return {row.id: row.kind for row in connection.execute(query)}


def list_call_logs(
    connection: sa.Connection, wanted: CallLogFilter, cursor: Cursor | None, limit: int, offset: int
) -> list[CallLog]:
    rows = page(
        connection,
        call_logs,
        _conditions(wanted),
        cursor=cursor,
        limit=limit,
        offset=offset,
    )
    return [CallLog(**row) for row in rows]


def call_pieces(connection: sa.Connection, call_id: str) -> list[CallEvents]:
    """The call's events in order."""
    chosen = sa.select(call_events).where(call_events.c.call_id == call_id)
    rows = connection.execute(chosen.order_by(call_events.c.number)).mappings()
    return [CallEvents(**row) for row in rows]


def _conditions(wanted: CallLogFilter) -> list[sa.ColumnElement[bool]]:
    column: Any = call_logs.c
    tests = (
        (wanted.project_id, column.project_id.__eq__),
        (wanted.created_from, column.created_at.__ge__),
        (wanted.created_before, column.created_at.__lt__),
        (wanted.caller, column.caller.__eq__),
        (wanted.called, column.called.__eq__),
        (wanted.state, column.state.__eq__),
        (wanted.parent_id, column.parent_id.__eq__),
        (
            wanted.ended,
            lambda ended: (column.ended_at.is_not if ended else column.ended_at.is_)(None),
        ),
    )
    return [condition(value) for value, condition in tests if value is not None]
