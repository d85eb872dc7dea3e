"""Claims: each callback is with one worker at a time, and in order."""

from dataclasses import dataclass
from itertools import count

import gevent
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.store import claims, statements
from adapter.store.claims import Taken, Want
from adapter.store.rows import Callback
from adapter.store.store import Store
from adapter.store.tables import callbacks
from adapter.store.writes import FinishCallback, PutCallback, RetryCallback

RECEIVER = "http://127.0.0.1:9"
OTHER = "http://127.0.0.2:9"
LEASE = 60.0
SQLITE = statements.build("sqlite")


def take(
    store: Store, worker: str = "A", *, now: float = 100.0, limit: int = 10, origin: str = RECEIVER
) -> Taken:
    wants = [Want(origin=origin, limit=limit)]
    return store.take_callbacks(wants, worker=worker, now=now, until=now + LEASE)[0]


def ids(taken: Taken) -> list[str]:
    return [callback.id for callback in taken.callbacks]


def finish(store: Store, callback_id: str) -> None:
    store.commit(FinishCallback(id=callback_id, state="delivered", attempts=1, finished_at=100.0))


def retry(store: Store, callback_id: str, moment: float, worker: str = "A") -> None:
    store.commit(
        RetryCallback(
            id=callback_id,
            stream="rec-1",
            origin=RECEIVER,
            worker=worker,
            attempts=1,
            next_attempt_at=moment,
            last_error="answered 500",
        )
    )


def test_only_the_first_of_a_stream_is_taken(store: Store, a_callback) -> None:
    store.commit(*(PutCallback(a_callback(f"cb-{n}")) for n in range(3)))
    for expected in ("cb-0", "cb-1", "cb-2"):
        assert ids(take(store)) == [expected]
        assert ids(take(store)) == []
        finish(store, expected)
    assert ids(take(store)) == []


def test_streams_and_receivers_do_not_wait_for_each_other(store: Store, a_callback) -> None:
    store.commit(
        PutCallback(a_callback("one")),
        PutCallback(a_callback("two", stream="rec-2")),
        PutCallback(a_callback("elsewhere", origin=OTHER)),
    )
    assert ids(take(store)) == ["one", "two"]
    assert ids(take(store, origin=OTHER)) == ["elsewhere"]


def test_oldest_due_is_taken_first_up_to_the_limit(store: Store, a_callback) -> None:
    for number, due in enumerate([30.0, 10.0, 20.0, 500.0]):
        callback = a_callback(f"cb-{due:.0f}", stream=f"rec-{number}", next_attempt_at=due)
        store.commit(PutCallback(callback))
    assert ids(take(store, limit=2)) == ["cb-10", "cb-20"]
    rest = take(store, limit=2)
    assert ids(rest) == ["cb-30"]
    assert rest.next_due == 500.0


def test_claim_is_exclusive_until_the_lease_ends(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback()))
    assert ids(take(store, "A", now=100.0)) == ["cb-1"]
    assert ids(take(store, "B", now=100.0 + LEASE - 1)) == []
    assert ids(take(store, "B", now=100.0 + LEASE)) == ["cb-1"]


def test_two_who_take_at_once_get_different_ones(store: Store, database_url, a_callback) -> None:
    store.commit(*(PutCallback(a_callback(f"cb-{n:02}", stream=f"rec-{n}")) for n in range(50)))
    other = Store.open(database_url)
    try:
        jobs = [
            gevent.spawn(take, one, name, limit=7) for one, name in ((store, "A"), (other, "B"))
        ]
        jobs += [
            gevent.spawn(take, one, name, limit=7) for one, name in ((store, "A"), (other, "B"))
        ]
        gevent.joinall(jobs, timeout=10, raise_error=True)
    finally:
        other.close()
    taken = [callback_id for job in jobs for callback_id in ids(job.value)]
    assert [len(job.value.callbacks) for job in jobs] == [7, 7, 7, 7]
    assert len(set(taken)) == 28


def test_claims_of_a_worker_are_given_back_at_once(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback()), PutCallback(a_callback("cb-2", stream="rec-2")))
    assert ids(take(store, "A", limit=1)) == ["cb-1"]
    assert ids(take(store, "B")) == ["cb-2"]
    assert store.release_callbacks("A") == 1
    assert ids(take(store, "A")) == ["cb-1"]


def test_retry_waits_and_holds_its_stream(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback("cb-1")), PutCallback(a_callback("cb-2")))
    take(store)
    retry(store, "cb-1", 150.0)
    waiting = take(store, now=149.0)
    assert ids(waiting) == []
    assert waiting.next_due == 150.0
    again = take(store, now=150.0)
    assert ids(again) == ["cb-1"]
    assert again.callbacks[0].attempts == 1
    assert again.callbacks[0].last_error == "answered 500"
    finish(store, "cb-1")
    assert ids(take(store, now=150.0)) == ["cb-2"]


def test_retry_by_one_whose_lease_has_ended_changes_nothing(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback()))
    take(store, "A", now=100.0)
    take(store, "B", now=200.0)
    retry(store, "cb-1", 900.0, worker="A")
    stored = store.callback("cb-1")
    assert stored is not None
    assert (stored.claimed_by, stored.attempts) == ("B", 0)


def test_final_outcome_is_not_changed_by_a_late_one(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback()))
    take(store)
    finish(store, "cb-1")
    retry(store, "cb-1", 150.0)
    store.commit(FinishCallback(id="cb-1", state="failed", attempts=9, finished_at=1.0))
    stored = store.callback("cb-1")
    assert stored is not None
    assert (stored.state, stored.attempts) == ("delivered", 1)


def test_failed_callback_lets_the_next_go(store: Store, a_callback) -> None:
    store.commit(PutCallback(a_callback("cb-1")), PutCallback(a_callback("cb-2")))
    take(store)
    store.commit(
        FinishCallback(
            id="cb-1", state="failed", attempts=1, finished_at=100.0, last_error="answered 404"
        )
    )
    assert ids(take(store)) == ["cb-2"]
    assert store.outbox_counts().failed == 1


def test_receivers_with_pending_callbacks_are_listed_in_pages(store: Store, a_callback) -> None:
    for number in range(5):
        for copy in range(3):
            callback = a_callback(f"{number}-{copy}", origin=f"http://h{number}:80")
            store.commit(PutCallback(callback))
    for copy in range(3):
        finish(store, f"4-{copy}")
    first = store.callback_origins(limit=3)
    assert first == ["http://h0:80", "http://h1:80", "http://h2:80"]
    assert store.callback_origins(after=first[-1], limit=3) == ["http://h3:80"]


def test_outbox_counts(store: Store, a_callback) -> None:
    assert store.outbox_counts().oldest_created_at is None
    store.commit(
        PutCallback(a_callback("done", created_at=10.0, stream="a")),
        PutCallback(a_callback("waits", created_at=20.0, stream="b")),
        PutCallback(a_callback("too", created_at=30.0, stream="c")),
    )
    finish(store, "done")
    counts = store.outbox_counts()
    assert (counts.pending, counts.failed, counts.oldest_created_at) == (2, 0, 20.0)


def test_forgetting_leaves_what_is_young_pending_or_failed(store: Store, a_callback) -> None:
    old = [a_callback(f"old-{n}", stream=f"s{n}", created_at=1.0) for n in range(1203)]
    store.commit(*map(PutCallback, old))
    store.commit(PutCallback(a_callback("young", stream="y", created_at=50.0)))
    for callback in old[2:]:
        finish(store, callback.id)
    store.commit(FinishCallback(id="old-1", state="failed", attempts=1, finished_at=2.0))
    finish(store, "young")
    assert store.forget(before=40.0) == 1201
    assert [callback.id for callback in store.callbacks()] == ["old-0", "old-1", "young"]


# --- any order of events ---------------------------------------------------------------------


@dataclass
class World:
    """A store with two workers, and what they may do."""

    store: Store
    now: float = 100.0

    def __post_init__(self) -> None:
        self.held: dict[str, dict[str, Callback]] = {"A": {}, "B": {}}
        self.taken: list[Callback] = []
        self.numbers = count()

    def put(self, stream: str) -> None:
        number = next(self.numbers)
        self.store.commit(
            PutCallback(
                Callback(
                    id=f"{stream}-{number:03}",
                    stream=stream,
                    project_id="p",
                    url=RECEIVER,
                    origin=RECEIVER,
                    body=b"{}",
                    created_at=self.now,
                    next_attempt_at=self.now,
                )
            )
        )

    def take(self, worker: str) -> None:
        for callback in take(self.store, worker, now=self.now, limit=2).callbacks:
            self.check(callback)
            self.held[worker][callback.id] = callback
            self.taken.append(callback)

    def check(self, callback: Callback) -> None:
        for others in self.held.values():
            for other in others.values():
                live = (other.claimed_until or 0) > self.now
                assert not (live and other.stream == callback.stream), "two in flight in a stream"
        stored = [self.store.callback(other.id) for other in self.taken]
        for other in stored:
            if other and other.stream == callback.stream and other.position < callback.position:
                assert other.state != "pending", "an earlier one is not final"

    def end(self, worker: str, how: str) -> None:
        if not self.held[worker]:
            return
        callback = self.held[worker].pop(min(self.held[worker]))
        if how == "retry":
            self.store.commit(
                RetryCallback(
                    id=callback.id,
                    stream=callback.stream,
                    origin=RECEIVER,
                    worker=worker,
                    attempts=callback.attempts + 1,
                    next_attempt_at=self.now + 20,
                )
            )
        else:
            finish(self.store, callback.id)

    def die(self, worker: str) -> None:
        """The worker forgets what it holds; its leases run out."""
        self.held[worker].clear()

    def drain(self) -> None:
        self.held = {"A": {}, "B": {}}
        for _ in range(200):
            self.now += LEASE
            self.take("A")
            while self.held["A"]:
                self.end("A", "finish")
            if not self.store.outbox_counts().pending:
                return
        raise AssertionError("something is never delivered")


steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(["x", "y"])),
    st.tuples(st.just("take"), st.sampled_from("AB")),
    st.tuples(st.just("end"), st.sampled_from("AB"), st.sampled_from(["retry", "finish"])),
    st.tuples(st.just("die"), st.sampled_from("AB")),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 25.0, LEASE])),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=st.lists(steps, max_size=40))
def test_order_and_exclusion_hold_and_everything_arrives(store: Store, events) -> None:
    store.change(lambda connection: connection.execute(sa.delete(callbacks)).rowcount)
    world = World(store)
    for name, *arguments in events:
        if name == "wait":
            world.now += arguments[0]
        else:
            getattr(world, name)(*arguments)
    world.drain()


# --- cost ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (claims._take_statement("sqlite"), "callbacks_due"),
        (claims._take_statement("sqlite"), "callbacks_in_stream"),
        (claims._next_due_statement(), "callbacks_due"),
        (claims._next_origin_statement(), "callbacks_due"),
        (SQLITE["retry_callback"][0].text, "sqlite_autoindex_callbacks_1"),
        (SQLITE["retry_callback"][1].text, "callbacks_in_stream"),
        (SQLITE["finish_callback"][0].text, "sqlite_autoindex_callbacks_1"),
    ],
)
def test_looking_for_work_does_not_read_the_whole_table(
    sqlite_store: Store, statement, index
) -> None:
    def plan(connection) -> str:
        sql = statement if isinstance(statement, str) else str(statement.compile(connection))
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?"))
        return "\n".join(row[-1] for row in rows)

    text = sqlite_store.change(plan)
    assert index in text
    assert "SCAN" not in text
