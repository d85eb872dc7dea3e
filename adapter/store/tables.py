"""The tables, for SQLite and PostgreSQL alike.

JSON is kept as text: nothing is asked of it in SQL, and text is the same everywhere. Flags are
Boolean, times are doubles (Unix seconds). The indexes on `callbacks` are partial: nearly every
row is delivered, and only what is still to be sent has to be found quickly, even when an hour's
worth of it waits. So are those that retention needs: it never looks at what is deleted.
"""

import sqlalchemy as sa

SCHEMA_VERSION = 4

metadata = sa.MetaData()

# SQLite numbers rows itself only in a column that is exactly INTEGER.
_Position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

schema_version = sa.Table(
    "schema_version",
    metadata,
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("checked_at", sa.Double, nullable=False),
)

recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("node_id", sa.Text, nullable=False),
    sa.Column("control_id", sa.Text, nullable=False),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Column("space_id", sa.Text, nullable=False),
    sa.Column("event_channel", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("stereo", sa.Boolean, nullable=False),
    sa.Column("status_url", sa.Text),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("started_at", sa.Double),
    sa.Column("ended_at", sa.Double),
    sa.Column("duration", sa.Double),
    sa.Column("size", sa.BigInteger),
    sa.Column("truncated", sa.Boolean, nullable=False),
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("deleted_at", sa.Double),
    sa.Column("options", sa.Text, nullable=False),
    sa.Index("recordings_by_call", "call_id", "control_id"),
    sa.Index("recordings_by_creation", "created_at"),
    sa.Index("recordings_by_end", "ended_at"),
)

callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("position", _Position, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", sa.Double, nullable=False),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_error", sa.Text),
    sa.Column("finished_at", sa.Double),
    sa.Column("claimed_by", sa.Text),
    sa.Column("claimed_until", sa.Double),
    sa.Column("retried_at", sa.Double),
    sqlite_autoincrement=True,
)


# For conditions: a bound value would not let the database use a partial index.
PENDING: sa.ColumnElement[str] = sa.literal_column("'pending'")
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
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
)

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("call_id", sa.Text, primary_key=True),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("node_id", sa.Text, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double),
    sa.Index("calls_by_end", "ended_at"),
)

# What is known of a call for ever (until retention), unlike where it stands.
call_logs = sa.Table(
    "call_logs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Column("node_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("caller", sa.Text, nullable=False),
    sa.Column("called", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
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
    sa.Column("events", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Who waits for `connect: queue:…`: first come, first served, whichever adapter has the call.
queued_calls = sa.Table(
    "queued_calls",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("node_id", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("entered_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("taker", sa.Text),
    sa.Column("room", sa.Text),
    sa.Column("facts", sa.Text, nullable=False),
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
    sa.Column("served", sa.BigInteger, nullable=False),
    sa.Column("waited", sa.Double, nullable=False),
)
