"""Writes that a broken store cannot take are held, in order, until it can."""

from collections.abc import Callable

import gevent
import pytest

from adapter.store import held
from adapter.store.errors import StoreError
from adapter.store.held import HeldWrites


class FakeStore:
    """A store that may be broken, or refuse one write for good."""

    def __init__(self) -> None:
        self.broken = False
        self.refused: object = None
        self.written: list[object] = []

    def commit(self, *writes: object) -> None:
        if self.broken or self.refused in writes:
            raise StoreError("no")
        self.written.extend(writes)

    def healthy(self) -> bool:
        return not self.broken


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "RETRY_SECONDS", 0.001)


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
