"""The tables, for SQLite and PostgreSQL alike.

JSON is kept as text: nothing is asked of it in SQL, and text is the same everywhere. Flags are
Boolean, times are doubles (Unix seconds). The indexes on `callbacks` are partial: nearly every
row is delivered, and only what is still to be sent has to be found quickly, even when an hour's
worth of it waits. So are those that retention needs: it never looks at what is deleted.
"""

from typing import Any

import sqlalchemy as sa

SCHEMA_VERSION = 4

metadata = sa.MetaData()

# SQLite numbers rows itself only in a column that is exactly INTEGER.
_Position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _required(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    """A column in which something always stands."""
    return sa.Column(name, kind, nullable=False)


schema_version = sa.Table(
    "schema_version",
    metadata,
    _required("version", sa.Integer),
    _required("checked_at", sa.Double),
)

recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _required("call_id", sa.Text),
    _required("node_id", sa.Text),
    _required("control_id", sa.Text),
    _required("project_id", sa.Text),
    _required("space_id", sa.Text),
    _required("event_channel", sa.Text),
    _required("state", sa.Text),
    sa.Column("reason", sa.Text),
    _required("path", sa.Text),
    _required("format", sa.Text),
    _required("direction", sa.Text),
    _required("stereo", sa.Boolean),
    sa.Column("status_url", sa.Text),
    _required("created_at", sa.Double),
    sa.Column("started_at", sa.Double),
    sa.Column("ended_at", sa.Double),
    sa.Column("duration", sa.Double),
    sa.Column("size", sa.BigInteger),
    _required("truncated", sa.Boolean),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("deleted_at", sa.Double),
    _required("options", sa.Text),
    sa.Index("recordings_by_call", "call_id", "control_id"),
    sa.Index("recordings_by_creation", "created_at"),
    sa.Index("recordings_by_end", "ended_at"),
)

callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("position", _Position, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _required("stream", sa.Text),
    _required("project_id", sa.Text),
    _required("url", sa.Text),
    _required("origin", sa.Text),
    _required("body", sa.LargeBinary),
    _required("content_type", sa.Text),
    _required("created_at", sa.Double),
    _required("state", sa.Text),
    _required("attempts", sa.Integer),
    _required("next_attempt_at", sa.Double),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_error", sa.Text),
    sa.Column("finished_at", sa.Double),
    sa.Column("claimed_by", sa.Text),
    sa.Column("claimed_until", sa.Double),
    sa.Column("retried_at", sa.Double),
    sqlite_autoincrement=True,
)


PENDING: sa.ColumnElement[str] = sa.literal_column("'pending'")
"""For conditions: a bound value would not let the database use a partial index."""

DELIVERED: sa.ColumnElement[str] = sa.literal_column("'delivered'")
FAILED: sa.ColumnElement[str] = sa.literal_column("'failed'")


def _partial_index(table: sa.Table, name: str, *columns: str, where: str) -> None:
    condition = sa.text(where)
    chosen = [table.c[column] for column in columns]
    sa.Index(name, *chosen, sqlite_where=condition, postgresql_where=condition)


sa.Index("callbacks_in_stream", callbacks.c.stream, callbacks.c.position)
# With created_at, the age of the outbox is known from the index alone.
_partial_index(
    callbacks,
    "callbacks_due",
    "origin",
    "next_attempt_at",
    "created_at",
    where="state = 'pending'",
)
_partial_index(callbacks, "callbacks_claimed", "claimed_by", where="claimed_by IS NOT NULL")
_partial_index(callbacks, "callbacks_failed", "position", where="state = 'failed'")
# With format and size, the bytes that are kept are known from the index alone.
_partial_index(
    recordings,
    "recordings_kept",
    "ended_at",
    "id",
    "format",
    "size",
    where="deleted_at IS NULL AND ended_at IS NOT NULL",
)
_partial_index(recordings, "recordings_deleted", "deleted_at", where="deleted_at IS NOT NULL")

# What a resumed call needs again: a document may have changed, or be gone, where it came from.
documents = sa.Table(
    "documents",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    _required("name", sa.Text),
    _required("source", sa.Text),
)

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    _required("session_id", sa.Text),
    _required("node_id", sa.Text),
    _required("worker", sa.Text),
    _required("state", sa.Text),
    _required("updated_at", sa.Double),
    sa.Column("ended_at", sa.Double),
    sa.Index("calls_by_end", "ended_at"),
)

# What is known of a call for ever (until retention), unlike where it stands.
call_logs = sa.Table(
    "call_logs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _required("project_id", sa.Text),
    _required("node_id", sa.Text),
    _required("kind", sa.Text),
    _required("direction", sa.Text),
    _required("caller", sa.Text),
    _required("called", sa.Text),
    _required("state", sa.Text),
    _required("created_at", sa.Double),
    sa.Column("answered_at", sa.Double),
    sa.Column("ended_at", sa.Double),
    sa.Column("cause", sa.Text),
    sa.Column("parent_id", sa.Text),
    sa.Index("call_logs_of_project", "project_id", "created_at", "id"),
    sa.Index("call_logs_by_creation", "created_at"),
)

# Many events a row, compressed: they are written and read together, and nothing is asked of one.
call_events = sa.Table(
    "call_events",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    _required("events", sa.LargeBinary),
    sqlite_with_rowid=False,
)

# Who waits for `connect: queue:…`: first come, first served, whichever adapter has the call.
queued_calls = sa.Table(
    "queued_calls",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _required("queue", sa.Text),
    _required("node_id", sa.Text),
    _required("call_id", sa.Text),
    _required("worker", sa.Text),
    _required("entered_at", sa.Double),
    _required("seen_at", sa.Double),
    sa.Column("taker", sa.Text),
    sa.Column("room", sa.Text),
    _required("facts", sa.Text),
    sa.Index("queued_calls_in_queue", "queue", "entered_at", "id"),
    sa.Index("queued_calls_of_worker", "worker"),
    sa.Index("queued_calls_by_sight", "seen_at"),
    sa.Index("queued_calls_of_taker", "taker"),
)

# How long calls waited so far that somebody took.
queue_totals = sa.Table(
    "queue_totals",
    metadata,
    sa.Column("queue", sa.Text, primary_key=True),
    _required("served", sa.BigInteger),
    _required("waited", sa.Double),
)
