"""A full, locked or damaged database: an error that says what to do, in time, and a way back."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest
import sqlalchemy as sa

from adapter.store.errors import StoreError, StoreTimeoutError
from adapter.store.group import Job
from adapter.store.store import Store
from adapter.store.writes import PutCallback, PutRecording

SHORT = 0.3
PATIENCE = 20.0
"""Seconds for what a busy disk does late."""


@pytest.fixture
def patient(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store that waits long for a lock, and longer for its disk."""
    monkeypatch.setattr("adapter.store.store.PROBE_DEADLINE", PATIENCE)
    opened = Store.open(f"sqlite:///{database}", deadline=PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def hasty(patient: Store) -> Store:
    """One that soon hears that the database is locked, and is patient otherwise."""
    patient.change(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout=100"))
    return patient


def let_begin(store: Store) -> None:
    """Until the writer's thread has what was just spawned to be written."""
    with gevent.Timeout(PATIENCE):
        gevent.sleep(0.001)  # what was spawned runs before any timer
        while store._group._waiting:
            gevent.sleep(0.001)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def limit_size(store: Store, pages: int) -> None:
    store.change(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages}"))


def test_lock_is_reported_in_time_and_passes(hasty: Store, database: Path, a_recording) -> None:
    with locked(database):
        with pytest.raises(StoreError, match="several machines need PostgreSQL"):
            hasty.commit(PutRecording(a_recording()))
        assert not hasty.healthy()
        assert "locked" in (hasty.fault() or "")
    assert hasty.healthy()
    hasty.commit(PutRecording(a_recording()))
    assert hasty.count_recordings() == 1


def test_lock_is_waited_for_once_and_not_by_each(
    hasty: Store, database: Path, a_recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    transaction = hasty._group._transaction

    def counted(connection: sa.Connection, batch: list[Job]) -> list[object]:
        tries.append(len(batch))
        return transaction(connection, batch)

    def failure(number: int) -> str:
        with pytest.raises(StoreError) as caught:
            hasty.commit(PutRecording(a_recording(f"rec-{number}")))
        return str(caught.value)

    monkeypatch.setattr(hasty._group, "_transaction", counted)
    with locked(database):
        jobs = [gevent.spawn(failure, number) for number in range(10)]
        gevent.joinall(jobs, timeout=PATIENCE, raise_error=True)
    assert all("several machines need PostgreSQL" in job.value for job in jobs)
    assert sum(tries) == 10, "nobody's is tried twice"
    assert len(tries) <= 2


def test_reads_go_on_while_the_writer_waits(patient: Store, database: Path, a_recording) -> None:
    patient.commit(PutRecording(a_recording()))
    with locked(database):
        writing = gevent.spawn(patient.commit, PutRecording(a_recording(size=5)))
        let_begin(patient)
        assert patient.recording("rec-1") == a_recording()
        assert not writing.ready()
    writing.get(timeout=PATIENCE)


def test_hub_runs_while_the_writer_waits(patient: Store, database: Path, a_recording) -> None:
    with locked(database):
        writing = gevent.spawn(patient.commit, PutRecording(a_recording()))
        let_begin(patient)
        for _ in range(10):
            gevent.sleep(0.005)  # comes back: nothing holds the hub up
        assert not writing.ready()
    writing.get(timeout=PATIENCE)


def test_commit_that_never_began_is_withdrawn(patient: Store, database: Path, a_recording) -> None:
    with locked(database):
        first = gevent.spawn(patient.commit, PutRecording(a_recording("first")))
        let_begin(patient)
        with pytest.raises(StoreTimeoutError, match="nothing was written"):
            patient.commit(PutRecording(a_recording("second")), deadline=SHORT / 10)
    first.get(timeout=PATIENCE)
    patient.commit(PutRecording(a_recording("third")))
    assert {row.id for row in patient.recordings()} == {"first", "third"}


def test_commit_that_has_begun_may_still_land(patient: Store, database: Path, a_recording) -> None:
    with locked(database), pytest.raises(StoreTimeoutError, match="it may still be written"):
        patient.commit(PutRecording(a_recording()), deadline=SHORT)
    patient.commit(PutRecording(a_recording()))
    assert patient.count_recordings() == 1


def test_full_disk_says_so_fails_fast_and_passes(patient: Store, a_callback) -> None:
    limit_size(patient, 1)
    writes = [PutCallback(a_callback(f"cb-{n}", body=b"x" * 200_000)) for n in range(20)]

    def failure(write: PutCallback) -> str:
        with pytest.raises(StoreError) as caught:
            patient.commit(write)
        return str(caught.value)

    jobs = [gevent.spawn(failure, write) for write in writes]
    gevent.joinall(jobs, timeout=PATIENCE, raise_error=True)
    assert all("free space on its disk" in job.value for job in jobs)
    assert "free space" in (patient._group.fault or "")
    limit_size(patient, 1_000_000)
    patient.commit(*writes)
    assert patient._group.fault is None
    assert patient.outbox_counts().pending == 20


def test_file_that_is_no_database_is_refused(database: Path) -> None:
    database.write_bytes(b"not a database, but long enough to look like one " * 50)
    with pytest.raises(StoreError, match="not a store"):
        Store.open(f"sqlite:///{database}")


def test_damaged_file_names_the_way_out(database: Path, a_callback) -> None:
    store = Store.open(f"sqlite:///{database}")
    store.commit(*(PutCallback(a_callback(f"cb-{n}", body=b"x" * 3000)) for n in range(50)))
    store.close()
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    database.write_bytes(content)
    with pytest.raises(StoreError, match=r"sqlite3 FILE \.recover"):
        Store.open(f"sqlite:///{database}").callbacks()


def damage(database: Path, table: str) -> None:
    """Overwrite the first page of one table, as a broken disk or another program does."""
    with sqlite3.connect(database) as connection:
        find = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        ((page,),) = connection.execute(find, (table,)).fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


@pytest.mark.parametrize("seen_by", ["read", "commit"])
def test_a_damage_that_was_met_is_told_until_the_end(
    database: Path, a_callback, a_recording, seen_by: str
) -> None:
    """The file must not be trusted any more, even where a write to it goes well."""
    Store.open(f"sqlite:///{database}").close()
    damage(database, "callbacks")
    store = Store.open(f"sqlite:///{database}")
    assert store.fault() is None, "nobody has met it yet"
    with pytest.raises(StoreError, match="malformed"):
        store.callbacks() if seen_by == "read" else store.commit(PutCallback(a_callback()))
    store.commit(PutRecording(a_recording()))
    assert "malformed" in (store.fault() or "")
    assert not store.healthy()
    store.close()


def test_newer_schema_is_refused(database: Path) -> None:
    Store.open(f"sqlite:///{database}").close()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    with pytest.raises(StoreError, match=r"schema 99, this version knows \d+: run the newer"):
        Store.open(f"sqlite:///{database}")


def test_store_is_opened_again_with_its_rows(database: Path, a_recording) -> None:
    for number in range(2):
        store = Store.open(f"sqlite:///{database}")
        store.commit(PutRecording(a_recording(f"rec-{number}")))
        store.close()
    store = Store.open(f"sqlite:///{database}")
    assert store.count_recordings() == 2
    store.close()


def test_files_are_for_their_owner_only(sqlite_store: Store, database: Path, a_recording) -> None:
    sqlite_store.commit(PutRecording(a_recording()))
    files = [path for path in database.parent.iterdir() if path.name.startswith(database.name)]
    assert len(files) > 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_folder_is_made(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/new/folder/adapter.db").close()
    assert (tmp_path / "new/folder/adapter.db").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "in memory would lose"),
        ("sqlite:///:memory:", "in memory would lose"),
        ("nonsense", "must look like"),
        ("mysql+pymysql://u:p@h/d", "use SQLite or PostgreSQL"),
        ("sqlite:////dev/null/adapter.db", "folder where this user can write"),
    ],
)
def test_unusable_address_is_refused(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        Store.open(url)


def test_errors_hold_no_values_and_no_password(store: Store, a_callback) -> None:
    secret = "http://user:hunter2@host/"
    with pytest.raises(StoreError) as caught:
        store.commit(PutCallback(a_callback(url=secret, body=None)))
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(a_callback(url=secret))
