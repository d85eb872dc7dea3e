"""The SQL of each kind of write, built once per database.

A batch runs kind after kind in the order of this table, many rows at a time; rows of one kind
keep the order in which they were committed.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from adapter.store.tables import (
    PENDING,
    call_events,
    call_logs,
    callbacks,
    calls,
    documents,
    recordings,
)


class Statement:
    """SQL for the driver itself, run for many writes at a time.

    A batch has the same few statements with many rows each: compiled once, they leave SQLAlchemy
    nothing to do per row.
    """

    def __init__(
        self, sql: sa.Executable, dialect: sa.Dialect, columns: list[str] | None = None
    ) -> None:
        """`columns` are those of an insert; an update names its values itself."""
        self.compiled = sql.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
        self.text = str(self.compiled)

    def run(self, connection: sa.Connection, rows: list[Any]) -> None:
        """Run it for each row, in order."""
        connection.exec_driver_sql(self.text, rows)


class Update(Statement):
    """Takes the values of a write by their names."""

    def run(self, connection: sa.Connection, rows: list[Any]) -> None:
        """Run it for each, in order."""
        order: list[str] = self.compiled.positiontup
        fixed: dict[str, Any] = self.compiled.params
        values = [fixed | row for row in rows]
        super().run(connection, [tuple([value[name] for name in order]) for value in values])


class InsertOfMany(Statement):
    """An insert into SQLite whose rows go in together, as one statement.

    For each statement the driver gives the interpreter up, and waits until it gets it back: beside
    a busy event loop that takes longer than the row itself.
    """

    def __init__(self, sql: sa.Executable, dialect: sa.Dialect, columns: list[str]) -> None:
        super().__init__(sql, dialect, columns)
        row = f"({', '.join('?' * len(columns))})"
        self._texts = {n: self.text.replace(row, ", ".join([row] * n), 1) for n in ROWS_AT_ONCE}

    def run(self, connection: sa.Connection, rows: list[Any]) -> None:
        """Run it for all rows, in order, in as few statements as there are texts for."""
        done = 0
        for count in ROWS_AT_ONCE:
            while len(rows) - done >= count:
                values = tuple(chain.from_iterable(rows[done : done + count]))
                connection.exec_driver_sql(self._texts[count], values)
                done += count


ROWS_AT_ONCE = (32, 16, 8, 4, 2, 1)
"""So many rows one statement may insert: few texts, which the driver keeps prepared."""

Statements = Mapping[str, tuple[Statement, ...]]

_DIALECTS: dict[str, Callable[[], sa.Dialect]] = {
    "sqlite": sqlite.dialect,
    "postgresql": partial(psycopg.dialect, paramstyle="format"),
}


def build(name: str) -> Statements:
    """Every write's statements by name, in the order in which a batch runs them."""
    dialect = _DIALECTS[name]()
    insert = postgresql.insert if name == "postgresql" else sqlite.insert

    def put(
        table: sa.Table,
        *,
        key: str = "",
        numbered: str = "",
        unless: Callable[[Any], sa.ColumnElement[bool]] | None = None,
    ) -> tuple[Statement]:
        """Insert a row; one with the same `key` is replaced, or left as it is without one.

        It is left as it is, too, where `unless`, which gets the new row, says so.
        """
        sql: Any = insert(table)
        changes = {column.name: sql.excluded[column.name] for column in table.c if key}
        if key:
            del changes[key]
            where = None if unless is None else ~unless(sql.excluded)
            sql = sql.on_conflict_do_update(index_elements=[key], set_=changes, where=where)
        else:
            sql = sql.on_conflict_do_nothing()
        kind = InsertOfMany if name == "sqlite" else Statement
        return (kind(sql, dialect, [c.name for c in table.c if c.name != numbered]),)

    return {
        "put_recording": put(recordings, key="id"),
        "delete_recording": (Update(_delete_recording(), dialect),),
        "put_document": put(documents),
        "put_call": put(calls, key="call_id"),
        "put_call_log": put(call_logs, key="id", unless=_goes_back),
        "add_call_events": put(call_events),
        "put_callback": put(callbacks, numbered="position"),
        "finish_callback": (Update(_finish(), dialect),),
        "retry_callback": (Update(_retry(), dialect), Update(_move_stream(), dialect)),
    }


def _goes_back(new: Any) -> sa.ColumnElement[bool]:
    """A call that was answered or has ended stays so: who dialled it may be late with its news."""
    known = call_logs.c
    return sa.or_(
        sa.and_(known.ended_at.is_not(None), new.ended_at.is_(None)),
        sa.and_(known.answered_at.is_not(None), new.answered_at.is_(None)),
    )


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
