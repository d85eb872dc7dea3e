"""The SQL of each kind of write, built once per database.

A batch runs kind after kind in the order of this table, many rows at a time; rows of one kind
keep the order in which they were committed.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapter.store.tables import (
    PENDING,
    call_events,
    call_logs,
    callbacks,
    calls,
    documents,
    recordings,
)


class Statement(NamedTuple):
    """SQL, and the values it takes from a write; None takes all.

    A value that no placeholder asks for, but that is named like a column, would be SET as well.
    """

    sql: sa.Executable
    names: tuple[str, ...] | None = None

    def run(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        names = self.names
        if names is not None:
            rows = [{name: row[name] for name in names} for row in rows]
        connection.execute(self.sql, rows)


Statements = Mapping[str, tuple[Statement, ...]]

_ATTEMPT = ("callback_id", "attempts", "last_status", "last_error")


def build(dialect: str) -> Statements:
    """Every write's statements by name, in the order in which a batch runs them."""
    return {
        "put_recording": (Statement(_upsert(dialect, recordings, "id")),),
        "delete_recording": (Statement(_delete_recording()),),
        "put_document": (Statement(_insert(dialect, documents).on_conflict_do_nothing()),),
        "put_call": (Statement(_upsert(dialect, calls, "call_id")),),
        "put_call_log": (Statement(_upsert(dialect, call_logs, "id")),),
        "add_call_events": (Statement(_insert(dialect, call_events).on_conflict_do_nothing()),),
        "put_callback": (Statement(_insert(dialect, callbacks).on_conflict_do_nothing()),),
        "finish_callback": (Statement(_finish()),),
        "retry_callback": (
            Statement(_retry(), (*_ATTEMPT, "worker", "next_attempt_at")),
            Statement(_move_stream(), ("in_stream", "to_origin", "moment")),
        ),
    }


def _insert(dialect: str, table: sa.Table) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _upsert(dialect: str, table: sa.Table, key: str) -> sa.Executable:
    insert = _insert(dialect, table)
    changes = {column.name: insert.excluded[column.name] for column in table.c}
    del changes[key]
    statement: sa.Executable = insert.on_conflict_do_update(index_elements=[key], set_=changes)
    return statement


def _delete_recording() -> sa.Executable:
    return (
        sa.update(recordings)
        .where(recordings.c.id == sa.bindparam("recording_id"), recordings.c.deleted_at.is_(None))
        .values(deleted_at=sa.bindparam("moment"))
    )


def _attempt() -> dict[str, Any]:
    names = ("attempts", "last_status", "last_error")
    values: dict[str, Any] = {name: sa.bindparam(name) for name in names}
    return values | {"claimed_by": None, "claimed_until": None}


def _finish() -> sa.Executable:
    return (
        sa.update(callbacks)
        .where(callbacks.c.id == sa.bindparam("callback_id"), callbacks.c.state == PENDING)
        .values(state=sa.bindparam("state"), finished_at=sa.bindparam("finished_at"), **_attempt())
    )


def _retry() -> sa.Executable:
    return (
        sa.update(callbacks)
        .where(
            callbacks.c.id == sa.bindparam("callback_id"),
            callbacks.c.state == PENDING,
            callbacks.c.claimed_by == sa.bindparam("worker"),
        )
        .values(next_attempt_at=sa.bindparam("next_attempt_at"), **_attempt())
    )


def _move_stream() -> sa.Executable:
    moment = sa.bindparam("moment", type_=sa.Double)
    # As an expression, so that the few rows of the stream are looked up and not the many of the
    # receiver, which SQLite would prefer.
    origin = callbacks.c.origin.concat("")
    return (
        sa.update(callbacks)
        .where(
            callbacks.c.stream == sa.bindparam("in_stream"),
            origin == sa.bindparam("to_origin"),
            callbacks.c.state == PENDING,
            callbacks.c.next_attempt_at < moment,
        )
        .values(next_attempt_at=moment)
    )
