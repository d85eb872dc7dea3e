"""What only PostgreSQL can do to us: go away, come back, hold a lock; and its addresses."""

from collections.abc import Iterator

import gevent
import psycopg
import pytest
import sqlalchemy as sa
from postgresql import Cluster

from adapter.store import lane
from adapter.store.errors import StoreError
from adapter.store.store import Store
from adapter.store.tables import SCHEMA_VERSION
from adapter.store.writes import PutCallback, PutRecording


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.emptied()


@pytest.fixture
def hasty(url: str) -> Iterator[Store]:
    opened = Store.open(url, deadline=1.0)
    yield opened
    opened.close()


def server(store: Store) -> int:
    """The process that serves the store's writes."""
    return store.change(
        lambda connection: int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())
    )


def test_restart_between_two_commits_is_not_noticed(
    hasty: Store, cluster: Cluster, a_recording
) -> None:
    hasty.commit(PutRecording(a_recording("before")))
    assert hasty.count_recordings() == 1
    before = server(hasty)
    cluster.stop("fast")
    cluster.start()
    assert hasty.count_recordings() == 1
    hasty.commit(PutRecording(a_recording("after")))
    assert {row.id for row in hasty.recordings()} == {"before", "after"}
    assert server(hasty) != before


def test_server_that_is_down_is_named_and_passes(
    hasty: Store, cluster: Cluster, a_recording
) -> None:
    cluster.stop()
    try:
        for _ in range(2):
            with pytest.raises(StoreError, match="check that the database runs"):
                hasty.commit(PutRecording(a_recording()))
            with pytest.raises(StoreError, match="check that the database runs"):
                hasty.recordings()
        assert not hasty.healthy()
    finally:
        cluster.start()
    assert hasty.healthy()
    hasty.commit(PutRecording(a_recording()))
    assert hasty.recordings() == [a_recording()]


def test_lost_connection_is_nobodys_fault(hasty: Store, a_recording) -> None:
    pid = server(hasty)
    jobs = [gevent.spawn(hasty.commit, PutRecording(a_recording(f"r{n}"))) for n in range(10)]
    end = sa.text("SELECT pg_terminate_backend(:pid)")
    jobs.append(gevent.spawn(hasty.change, lambda c: c.execute(end, {"pid": pid}).scalar()))
    gevent.joinall(jobs, timeout=10, raise_error=True)
    assert hasty.count_recordings() == 10
    assert server(hasty) != pid


def test_lock_is_reported_in_time_and_passes(hasty: Store, url: str, a_recording) -> None:
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE recordings IN EXCLUSIVE MODE")
        with pytest.raises(StoreError, match=r"lock timeout.*pg_stat_activity"):
            hasty.commit(PutRecording(a_recording()))
    hasty.commit(PutRecording(a_recording()))
    assert hasty.count_recordings() == 1


def test_two_that_start_together_make_the_tables_in_turn(url: str) -> None:
    jobs = [gevent.spawn(Store.open, url) for _ in range(2)]
    gevent.joinall(jobs, timeout=10, raise_error=True)
    for job in jobs:
        assert job.value.healthy()
        job.value.close()


def test_older_tables_are_brought_up_to_date(url: str, a_callback) -> None:
    Store.open(url).close()
    with psycopg.connect(url) as connection:
        for sql in (
            "DROP TABLE call_logs, call_events, queued_calls, queue_totals",
            "DROP INDEX recordings_kept, recordings_deleted",
            "ALTER TABLE callbacks DROP COLUMN retried_at",
            "UPDATE schema_version SET version = 1",
        ):
            connection.execute(sql)
    store = Store.open(url)
    store.commit(PutCallback(a_callback(retried_at=7.0)))
    store.close()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [
            (SCHEMA_VERSION,)
        ]


def test_limits_of_the_url_win(url: str) -> None:
    store = Store.open(f"{url}&options=-c%20lock_timeout%3D7ms&application_name=mine")
    shown = store.change(
        lambda connection: [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("lock_timeout", "application_name", "tcp_user_timeout")
        ]
    )
    store.close()
    assert shown[:2] == ["7ms", "mine"]


# --- addresses, without a server ---------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_server_that_is_not_there_is_named_without_the_password(scheme: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(f"{scheme}://me:hunter2@127.0.0.1:1/calls?password=hunter2")
    assert "check that the database runs, and the setting database_url" in str(caught.value)
    assert "127.0.0.1:1/calls" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_address_that_cannot_be_read_tells_no_password() -> None:
    with pytest.raises(StoreError, match="must look like") as caught:
        Store.open("postgresql://me:hunter2@host:port/calls")
    assert "hunter2" not in str(caught.value)


def test_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'psycopg'")

    monkeypatch.setattr(lane.sa, "create_engine", missing)
    with pytest.raises(StoreError, match=r"pip install 'swml-freeswitch\[postgresql\]'"):
        Store.open("postgresql://me@host/calls")
