"""Commits: all or nothing, together with others, and never at the cost of others."""

import signal
import subprocess
import sys
import threading

import gevent
import pytest

from adapter.metrics import COMMIT_SECONDS
from adapter.store import group
from adapter.store.errors import StoreError
from adapter.store.store import Store
from adapter.store.writes import PutCallback, PutRecording


def transactions() -> float:
    samples = next(iter(COMMIT_SECONDS.collect())).samples
    return next(sample.value for sample in samples if sample.name.endswith("_count"))


def commit(store: Store, *writes: object) -> str:
    try:
        store.commit(*writes)
    except StoreError as error:
        return str(error)
    return "committed"


def names_the_empty_column(error: str) -> bool:
    """As SQLite says it, or as PostgreSQL does."""
    return "NOT NULL" in error or "not-null" in error


def test_concurrent_commits_share_transactions(store: Store, a_recording) -> None:
    before = transactions()
    jobs = [
        gevent.spawn(store.commit, PutRecording(a_recording(f"rec-{number}")))
        for number in range(100)
    ]
    gevent.joinall(jobs, timeout=10, raise_error=True)
    assert store.count_recordings() == 100
    assert transactions() - before <= 3


def test_rows_of_one_kind_keep_their_order(store: Store, a_recording) -> None:
    """However many go into one statement, and where a row is put again in the same transaction."""
    states = [(f"rec-{number % 45}", f"state {number}") for number in range(101)]
    store.commit(*(PutRecording(a_recording(name, state=state)) for name, state in states))
    stored = {row.id: row.state for row in store.recordings(limit=200)}
    assert stored == dict(states)


def test_one_who_commits_alone_does_not_wait_for_others(
    store: Store, a_recording, monkeypatch
) -> None:
    monkeypatch.setattr(group, "GATHER", 1e9)
    monkeypatch.setattr(group, "MOST_GATHER_SECONDS", 3600.0)
    with gevent.Timeout(10):
        for number in range(5):
            store.commit(PutRecording(a_recording(f"rec-{number}")))
    assert store.count_recordings() == 5


def test_bad_row_fails_its_own_commit_only(store: Store, a_recording) -> None:
    rows = [a_recording("a"), a_recording("bad", path=None), a_recording("b"), a_recording("c")]
    jobs = [gevent.spawn(commit, store, PutRecording(row)) for row in rows]
    gevent.joinall(jobs, timeout=10)
    outcomes = [job.value for job in jobs]
    assert [outcomes[index] for index in (0, 2, 3)] == ["committed"] * 3
    assert names_the_empty_column(outcomes[1])
    assert {row.id for row in store.recordings()} == {"a", "b", "c"}
    assert store.healthy()


def test_value_too_large_for_its_column_fails_its_own_commit_only(
    store: Store, a_recording
) -> None:
    rows = [a_recording("a"), a_recording("bad", size=2**80), a_recording("b")]
    jobs = [gevent.spawn(commit, store, PutRecording(row)) for row in rows]
    gevent.joinall(jobs, timeout=10)
    assert [job.value == "committed" for job in jobs] == [True, False, True]


def test_writes_of_one_commit_are_stored_together_or_not(
    store: Store, a_recording, a_callback
) -> None:
    outcome = commit(store, PutRecording(a_recording()), PutCallback(a_callback(url=None)))
    assert names_the_empty_column(outcome)
    assert store.recordings() == []
    assert store.callbacks() == []


def test_options_that_are_not_json_are_refused_before_the_batch(store: Store, a_recording) -> None:
    outcome = commit(store, PutRecording(a_recording(options={"when": object()})))
    assert "options of recording rec-1" in outcome


def test_listener_hears_of_callbacks_after_the_commit(store: Store, a_callback) -> None:
    heard: list[tuple[str, bool]] = []

    def listen(callbacks) -> None:
        heard.extend((callback.id, store._group.fault is None) for callback in callbacks)

    store.listen(listen)
    commit(store, PutCallback(a_callback("bad", url=None)))
    store.commit(PutCallback(a_callback("good")))
    assert heard == [("good", True)]


def test_listener_that_breaks_does_not_break_the_commit(store: Store, a_callback) -> None:
    def broken(_callbacks) -> None:
        raise RuntimeError("listener")

    store.listen(broken)
    store.commit(PutCallback(a_callback()))
    assert store.callback("cb-1") is not None


def test_closed_store_says_so(database_url: str, a_recording) -> None:
    opened = Store.open(database_url)
    opened.close()
    assert "is closed" in commit(opened, PutRecording(a_recording()))
    with pytest.raises(StoreError, match="is closed"):
        opened.recording("rec-1")


def test_close_commits_what_waits(database_url: str, a_recording) -> None:
    opened = Store.open(database_url)
    gate = threading.Event()
    holding = gevent.spawn(opened.change, lambda _: gate.wait(5))
    gevent.idle()
    jobs = [gevent.spawn(commit, opened, PutRecording(a_recording(f"r{n}"))) for n in range(20)]
    gevent.idle()
    closing = gevent.spawn(opened.close)
    gevent.idle()
    gate.set()
    gevent.joinall([holding, closing, *jobs], timeout=10, raise_error=True)
    assert {job.value for job in jobs} == {"committed"}
    again = Store.open(database_url)
    assert again.count_recordings() == 20
    again.close()


KILLED = """
import os, signal, sys
from adapter.store.store import Store
from adapter.store.rows import CallPosition
from adapter.store.writes import PutCall
store = Store.open(sys.argv[1])
for number in range(25):
    store.commit(PutCall(CallPosition(call_id=f"{number:02}", session_id="s", node_id="n",
                                      worker="w", state={}, updated_at=1.0)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_survives_a_killed_process(database_url: str) -> None:
    command = [sys.executable, "-c", KILLED, database_url]
    done = subprocess.run(command, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    store = Store.open(database_url)
    assert all(store.call(f"{number:02}") for number in range(25))
    store.close()
