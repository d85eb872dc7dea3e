"""What a person does to stored callbacks, what retention asks, and older tables."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec import structs

from adapter.store import queries
from adapter.store.claims import Want
from adapter.store.housekeeping import PAGE
from adapter.store.rows import CallbackFilter, Removable
from adapter.store.store import Store
from adapter.store.tables import SCHEMA_VERSION
from adapter.store.writes import (
    DeleteRecording,
    FinishCallback,
    PutCallback,
    PutRecording,
    RetryCallback,
)

RECEIVER = "http://127.0.0.1:9"
OTHER = "http://127.0.0.2:9"
FAILED = {"state": "failed", "finished_at": 101.0, "attempts": 7, "last_error": "answered 404"}


def ids(store: Store, **wanted: object) -> list[str]:
    return [row.id for row in store.callbacks(CallbackFilter(**wanted))]


def take(store: Store, now: float, worker: str = "A") -> list[str]:
    wants = [Want(origin=RECEIVER, limit=10)]
    taken = store.take_callbacks(wants, worker=worker, now=now, until=now + 60)
    return [row.id for row in taken[0].callbacks]


# --- again -----------------------------------------------------------------------------------


def test_a_failed_callback_goes_out_again_like_a_new_one(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback(**FAILED)))
    before = store.callback("cb-1")
    assert store.retry_callbacks(CallbackFilter(ids=("cb-1",)), now=500.0) == 1
    after = store.callback("cb-1")
    assert before is not None
    assert after == structs.replace(
        before,
        state="pending",
        attempts=0,
        next_attempt_at=500.0,
        retried_at=500.0,
        finished_at=None,
    )
    assert (before.patience_from, after.patience_from) == (100.0, 500.0)
    assert take(store, 500.0) == ["cb-1"]


def test_failed_ones_are_chosen_by_receiver_and_stream(store: Store, a_callback) -> None:
    rows = [
        a_callback("mine", **FAILED),
        a_callback("elsewhere", origin=OTHER, **FAILED),
        a_callback("other stream", stream="rec-2", **FAILED),
        a_callback("waits", stream="rec-3", next_attempt_at=900.0),
        a_callback("done", state="delivered", finished_at=101.0),
    ]
    store.commit(*map(PutCallback, rows))
    failed = CallbackFilter(state="failed")
    assert store.count_callbacks(failed) == 3
    assert store.retry_callbacks(replace(failed, origin=OTHER), now=500.0) == 1
    assert store.retry_callbacks(replace(failed, stream="rec-2"), now=500.0) == 1
    assert ids(store, state="failed") == ["mine"]
    assert store.retry_callbacks(failed, now=500.0) == 1
    assert store.retry_callbacks(failed, now=500.0) == 0
    assert ids(store, state="delivered") == ["done"]
    waits = store.callback("waits")
    assert waits is not None
    assert waits.next_attempt_at == 900.0


def test_a_waiting_callback_is_due_now_with_what_waits_behind_it(store: Store, a_callback) -> None:
    rows = [a_callback(f"cb-{n}", next_attempt_at=900.0, attempts=4) for n in range(3)]
    store.commit(*map(PutCallback, rows))
    assert take(store, 500.0) == []
    assert store.retry_callbacks(CallbackFilter(ids=("cb-0",)), now=500.0) == 1
    first = store.callback("cb-0")
    assert first is not None
    assert (first.attempts, first.retried_at) == (4, None)
    for expected in ("cb-0", "cb-1", "cb-2"):
        assert take(store, 500.0) == [expected]
        store.commit(FinishCallback(id=expected, state="delivered", attempts=1, finished_at=500.0))


def test_one_that_is_being_sent_is_not_given_to_another(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback()))
    assert take(store, 100.0, "A") == ["cb-1"]
    store.retry_callbacks(CallbackFilter(ids=("cb-1",)), now=110.0)
    assert take(store, 110.0, "B") == []


def test_what_cannot_be_sent_stays_failed(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback("no address", origin="", **FAILED)))
    assert store.retry_callbacks(CallbackFilter(state="failed"), now=500.0) == 0
    assert store.retry_callbacks(CallbackFilter(ids=("no address",)), now=500.0) == 0
    assert store.outbox_counts().pending == 0


def test_what_is_delivered_stays_delivered(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback(state="delivered", finished_at=101.0)))
    for wanted in (CallbackFilter(ids=("cb-1",)), CallbackFilter(state="delivered")):
        assert store.retry_callbacks(wanted, now=500.0) == 0
        assert store.drop_callbacks(wanted) == 0
    assert ids(store) == ["cb-1"]


def test_more_than_a_page(store: Store, a_callback) -> None:
    count = 2 * PAGE + 3
    rows = [a_callback(f"cb-{n}", stream=f"rec-{n}", **FAILED) for n in range(count)]
    store.commit(*map(PutCallback, rows))
    assert store.retry_callbacks(CallbackFilter(state="failed", origin=RECEIVER), now=5.0) == count
    assert store.outbox_counts().pending == count
    assert store.drop_callbacks(CallbackFilter(state="pending", origin=RECEIVER)) == count
    assert ids(store) == []


def test_both_states_are_counted_once(store: Store, a_callback) -> None:
    store.commit(
        PutCallback(a_callback("a", **FAILED)), PutCallback(a_callback("b", next_attempt_at=900.0))
    )
    assert store.retry_callbacks(CallbackFilter(origin=RECEIVER), now=500.0) == 2


# --- dropped ---------------------------------------------------------------------------------


def test_dropped_callbacks_are_gone(store: Store, a_callback) -> None:
    store.commit(
        PutCallback(a_callback("waits")),
        PutCallback(a_callback("next")),
        PutCallback(a_callback("failed", **FAILED)),
    )
    assert store.drop_callbacks(CallbackFilter(ids=("waits", "unknown"))) == 1
    assert take(store, 100.0) == ["next"]
    assert store.drop_callbacks(CallbackFilter(state="failed")) == 1
    assert ids(store) == ["next"]


def test_the_outcome_of_a_dropped_callback_brings_nothing_back(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback()))
    take(store, 100.0)
    store.drop_callbacks(CallbackFilter(ids=("cb-1",)))
    store.commit(
        RetryCallback(
            id="cb-1",
            stream="rec-1",
            origin=RECEIVER,
            worker="A",
            attempts=1,
            next_attempt_at=150.0,
        ),
        FinishCallback(id="cb-1", state="delivered", attempts=1, finished_at=100.0),
    )
    assert ids(store) == []


# --- retention -------------------------------------------------------------------------------


def removable(store: Store, **wanted: object) -> list[str]:
    return [row.id for row in store.removable_recordings(Removable(**wanted))]


def test_removable_recordings_oldest_end_first(store: Store, a_recording, a_callback) -> None:
    rows = [
        a_recording("late", ended_at=30.0, state="finished"),
        a_recording("runs"),
        a_recording("gone", ended_at=5.0, state="finished", deleted_at=6.0),
        a_recording("mp3", ended_at=20.0, state="finished", format="mp3"),
        a_recording("early", ended_at=10.0, state="error"),
        a_recording("told", ended_at=15.0, state="finished"),
        a_recording("untold", ended_at=1.0, state="finished"),
    ]
    store.commit(*map(PutRecording, rows))
    store.commit(
        PutCallback(a_callback("1", stream="untold")),
        PutCallback(a_callback("2", stream="told", **FAILED)),
        PutCallback(a_callback("3", stream="told", state="delivered")),
    )
    assert removable(store) == ["early", "told", "mp3", "late"]
    assert removable(store, format="wav") == ["early", "told", "late"]
    assert removable(store, ended_before=20.0) == ["early", "told"]
    second = store.removable_recordings(Removable(), limit=2, after=(10.0, "early"))
    assert [row.id for row in second] == ["told", "mp3"]


def test_ends_at_the_same_moment_are_all_found(store: Store, a_recording) -> None:
    rows = [a_recording(f"r{n}", ended_at=10.0, state="finished") for n in range(5)]
    store.commit(*map(PutRecording, rows))
    first = store.removable_recordings(Removable(), limit=3)
    second = store.removable_recordings(Removable(), limit=3, after=(10.0, first[-1].id))
    assert [row.id for row in first + second] == ["r0", "r1", "r2", "r3", "r4"]


def test_kept_bytes(store: Store, a_recording) -> None:
    assert store.kept_bytes() == {}
    rows = [
        a_recording("a", ended_at=1.0, size=10),
        a_recording("b", ended_at=1.0, size=2**40),
        a_recording("c", ended_at=1.0, size=7, format="mp3"),
        a_recording("failed", ended_at=1.0, size=None, format="mp4"),
        a_recording("gone", ended_at=1.0, size=1000, deleted_at=2.0),
        a_recording("runs", size=None),
    ]
    store.commit(*map(PutRecording, rows))
    assert store.kept_bytes() == {"wav": 2**40 + 10, "mp3": 7}


def test_a_deletion_keeps_its_first_moment_and_is_forgotten_later(
    store: Store, a_recording
) -> None:
    rows = [a_recording(f"r{n}", ended_at=1.0, state="finished") for n in range(PAGE + 2)]
    store.commit(*map(PutRecording, rows))
    for moment in (50.0, 60.0):
        store.commit(*(DeleteRecording(row.id, moment) for row in rows[1:]))
    deleted = store.recording("r1")
    assert deleted is not None
    assert deleted.deleted_at == 50.0
    assert store.forget_recordings(before=50.0) == 0
    assert store.forget_recordings(before=51.0) == PAGE + 1
    assert store.recording("r1") is None
    assert store.recording("r0") is not None


def test_every_recording_by_id(store: Store, a_recording) -> None:
    store.commit(
        PutRecording(a_recording("b", deleted_at=5.0)),
        PutRecording(a_recording("c")),
        PutRecording(a_recording("a")),
    )
    assert [row.id for row in store.all_recordings(limit=2)] == ["a", "b"]
    assert [row.id for row in store.all_recordings(limit=2, after="b")] == ["c"]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (queries.removable(Removable(), 200, (1.0, "a")), "recordings_kept"),
        (queries.removable(Removable(format="wav"), 200, (1.0, "a")), "recordings_kept"),
        (queries.removable(Removable(ended_before=9.0), 200, (1.0, "a")), "callbacks_in_stream"),
        (queries.kept_bytes_query(), "recordings_kept"),
    ],
)
def test_retention_does_not_read_what_is_deleted(sqlite_store: Store, query, index: str) -> None:
    def plan(connection: sa.Connection) -> str:
        sql = query.compile(connection, compile_kwargs={"literal_binds": True})
        return "\n".join(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))

    text = sqlite_store.change(plan)
    assert index in text
    assert "SCAN" not in text


# --- older tables ----------------------------------------------------------------------------


def layout(database: Path) -> set[tuple[str, str]]:
    with sqlite3.connect(database) as connection:
        columns = connection.execute(
            "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c"
            " WHERE t.type = 'table'"
        )
        indexes = connection.execute(
            "SELECT name, replace(sql, char(10), ' ') FROM sqlite_master WHERE type = 'index'"
        )
        return {*columns, *indexes}


def make_older(database: Path) -> None:
    """Tables as version 1 had them."""
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE call_logs")
        connection.execute("DROP TABLE call_events")
        connection.execute("DROP TABLE queued_calls")
        connection.execute("DROP TABLE queue_totals")
        connection.execute("DROP INDEX recordings_kept")
        connection.execute("DROP INDEX recordings_deleted")
        connection.execute("ALTER TABLE callbacks DROP COLUMN retried_at")
        connection.execute("UPDATE schema_version SET version = 1")


def test_older_tables_are_brought_up_to_date(database: Path, a_callback) -> None:
    store = Store.open(f"sqlite:///{database}")
    store.commit(PutCallback(a_callback(**FAILED)))
    store.close()
    new = layout(database)
    make_older(database)
    assert layout(database) != new
    store = Store.open(f"sqlite:///{database}")
    assert store.retry_callbacks(CallbackFilter(state="failed"), now=500.0) == 1
    store.close()
    assert layout(database) == new
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchone() == (
            SCHEMA_VERSION,
        )
