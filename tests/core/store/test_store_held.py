"""Writes that a broken store cannot take are held, in order, until it can."""

from collections.abc import Callable

import gevent
import pytest

from adapter.store import held
from adapter.store.errors import RowRefusedError, StoreError
from adapter.store.held import HeldWrites
from adapter.store.rows import Callback
from adapter.store.store import Store
from adapter.store.writes import PutCallback


class FakeStore:
    """A store that may be broken, or refuse one write for good."""

    def __init__(self) -> None:
        self.broken = False
        self.refused: object = None
        self.written: list[object] = []

    def commit(self, *writes: object) -> None:
        if self.refused in writes:
            raise RowRefusedError("never")
        if self.broken:
            raise StoreError("no")
        self.written.extend(writes)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "RETRY_SECONDS", 0.001)


def limit_size(store: Store, pages: int) -> None:
    store.change(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages}"))


def wait_until(seen: Callable[[], bool]) -> None:
    with gevent.Timeout(5):
        while not seen():
            gevent.sleep(0.001)


def test_a_store_that_is_well_gets_them_at_once() -> None:
    store = FakeStore()
    assert HeldWrites(store).commit("a", "b")
    assert store.written == ["a", "b"]


def test_what_a_broken_store_missed_is_written_in_order() -> None:
    store = FakeStore()
    writes = HeldWrites(store)
    store.broken = True
    assert not writes.commit("a")
    assert not writes.commit("b")
    store.broken = False
    assert not writes.commit("c"), "it would overtake what is held"
    wait_until(lambda: store.written == ["a", "b", "c"])
    assert writes.commit("d")


def test_one_that_is_refused_for_good_blocks_no_other() -> None:
    store = FakeStore()
    writes = HeldWrites(store)
    store.refused = "bad"
    writes.commit("bad")
    writes.commit("good")
    wait_until(lambda: store.written == ["good"])


def test_a_disk_that_has_room_for_little_drops_nothing(
    sqlite_store: Store, a_callback: Callable[..., Callback], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is small may still be written while a callback finds no space: it is held on."""
    large = [PutCallback(a_callback(f"cb-{n}", body=b"x" * 400_000)) for n in range(2)]
    sqlite_store.commit(PutCallback(a_callback("first", body=b"x" * 100_000)))
    pages = sqlite_store.ask(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    limit_size(sqlite_store, pages + 2)
    writes = HeldWrites(sqlite_store)
    monkeypatch.setattr(held, "RETRY_SECONDS", 0.1)  # between two tries the probe is alone
    tries: list[object] = []
    commit = sqlite_store.commit
    monkeypatch.setattr(sqlite_store, "commit", lambda *w: (tries.append(w), commit(*w)))
    for write in large:
        writes.commit(write)
    wait_until(lambda: len(tries) > 4)
    assert writes.count == 2
    wait_until(lambda: sqlite_store.fault() is None)  # what is small fits, tried by itself
    limit_size(sqlite_store, 1_000_000)
    wait_until(lambda: writes.count == 0)
    assert [row.id for row in sqlite_store.callbacks()] == ["first", "cb-0", "cb-1"]
