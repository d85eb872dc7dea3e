"""Make the tables, or bring older ones up to date.

One row in `schema_version` says which version the tables have. A step that changes tables is a
function in MIGRATIONS under the version it starts from; steps run in order, in the transaction
that also writes the new version.
"""

import time
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from adapter.store.errors import StoreError
from adapter.store.tables import SCHEMA_VERSION, metadata, schema_version

Migration = Callable[[sa.Connection], None]


def _for_operators(connection: sa.Connection) -> None:
    """Callbacks can be put back; what retention deletes is found without reading the table."""
    for sql in (
        "ALTER TABLE callbacks ADD COLUMN retried_at DOUBLE PRECISION",
        "CREATE INDEX recordings_kept ON recordings (ended_at, id, format, size)"
        " WHERE deleted_at IS NULL AND ended_at IS NOT NULL",
        "CREATE INDEX recordings_deleted ON recordings (deleted_at) WHERE deleted_at IS NOT NULL",
    ):
        connection.exec_driver_sql(sql)


def _for_call_logs(connection: sa.Connection) -> None:
    """Calls are known after they have ended, with what happened in them."""
    sqlite = connection.dialect.name == "sqlite"
    without_rowid, binary = (" WITHOUT ROWID", "BLOB") if sqlite else ("", "BYTEA")
    for sql in (
        "CREATE TABLE call_logs (id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL,"
        " node_id TEXT NOT NULL, kind TEXT NOT NULL, direction TEXT NOT NULL,"
        " caller TEXT NOT NULL, called TEXT NOT NULL, state TEXT NOT NULL,"
        " created_at DOUBLE PRECISION NOT NULL, answered_at DOUBLE PRECISION,"
        " ended_at DOUBLE PRECISION, cause TEXT, parent_id TEXT)",
        "CREATE INDEX call_logs_of_project ON call_logs (project_id, created_at, id)",
        "CREATE INDEX call_logs_by_creation ON call_logs (created_at)",
        "CREATE TABLE call_events (call_id TEXT NOT NULL, number BIGINT NOT NULL,"
        f" events {binary} NOT NULL, PRIMARY KEY (call_id, number)){without_rowid}",
    ):
        connection.exec_driver_sql(sql)


def _for_queues(connection: sa.Connection) -> None:
    """Calls wait in queues."""
    for sql in (
        "CREATE TABLE queued_calls (id TEXT NOT NULL PRIMARY KEY, queue TEXT NOT NULL,"
        " node_id TEXT NOT NULL, call_id TEXT NOT NULL, worker TEXT NOT NULL,"
        " entered_at DOUBLE PRECISION NOT NULL, seen_at DOUBLE PRECISION NOT NULL,"
        " taker TEXT, room TEXT, facts TEXT NOT NULL)",
        "CREATE INDEX queued_calls_in_queue ON queued_calls (queue, entered_at, id)",
        "CREATE INDEX queued_calls_of_worker ON queued_calls (worker)",
        "CREATE INDEX queued_calls_by_sight ON queued_calls (seen_at)",
        "CREATE INDEX queued_calls_of_taker ON queued_calls (taker)",
        "CREATE TABLE queue_totals (queue TEXT NOT NULL PRIMARY KEY, served BIGINT NOT NULL,"
        " waited DOUBLE PRECISION NOT NULL)",
    ):
        connection.exec_driver_sql(sql)


# In plain SQL: a step must do the same however `tables` changes later.
MIGRATIONS: Mapping[int, Migration] = {
    1: _for_operators,
    2: _for_call_logs,
    3: _for_queues,
}

# Any fixed number: two adapters that start together on one PostgreSQL make the tables in turn.
_SCHEMA_LOCK = 0x73776D6C


def prepare(connection: sa.Connection) -> None:
    """Create or migrate the tables; raise StoreError if they are newer than this version knows."""
    with connection.begin():
        _lock(connection)
        if not sa.inspect(connection).has_table(schema_version.name):
            metadata.create_all(connection)
            _write_version(connection, SCHEMA_VERSION)
            return
        _migrate(connection, _read_version(connection))


def _lock(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))
    elif connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _read_version(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.max(schema_version.c.version))).scalar() or 0)


def _write_version(connection: sa.Connection, version: int) -> None:
    connection.execute(sa.delete(schema_version))
    connection.execute(sa.insert(schema_version), {"version": version, "checked_at": time.time()})


def _migrate(connection: sa.Connection, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the store has schema {version}, this version knows {SCHEMA_VERSION}: run the newer "
            "version of the adapter again, or restore the backup made before it ran"
        )
    for step in range(version, SCHEMA_VERSION):
        if step not in MIGRATIONS:
            raise StoreError(f"the store has schema {version}, which cannot be brought up to date")
        MIGRATIONS[step](connection)
    if version < SCHEMA_VERSION:
        _write_version(connection, SCHEMA_VERSION)
