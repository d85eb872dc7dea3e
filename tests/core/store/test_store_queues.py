"""Queues: the order holds, each call is taken once, and who is lost is found."""

from functools import partial
from itertools import count

import gevent

from adapter.store import queues
from adapter.store.queues import Place, QueuedCall
from adapter.store.store import Store

MOST = 1000


def call(number: int, **changes: object) -> QueuedCall:
    values = {
        "id": f"stay-{number}",
        "queue": "q",
        "node_id": "node-1",
        "call_id": f"call-{number}",
        "worker": "A",
        "entered_at": 100.0 + number,
        "seen_at": 100.0 + number,
        "facts": {"name": "sales"},
    }
    return QueuedCall(**(values | changes))


def enter(store: Store, queued: QueuedCall, most: int = MOST) -> Place | None:
    return store.change(partial(queues.enter, call=queued, most=most))


def take(store: Store, taker: str = "t", **changes: object) -> str | None:
    wanted = {"queue": "q", "nodes": ["node-1"], "taker": taker, "room": f"room-{taker}", **changes}
    taken = store.change(partial(queues.take, **wanted))
    return taken.id if taken else None


def leave(store: Store, stay: str, *, though_taken: bool = False) -> Place | None:
    return store.change(partial(queues.leave, stay=stay, though_taken=though_taken))


def serve(store: Store, stay: str, now: float) -> Place | None:
    return store.change(partial(queues.serve, stay=stay, now=now))


def test_places_are_counted_from_who_came_first(store: Store) -> None:
    places = [enter(store, call(number)) for number in range(3)]
    assert [(place.position, place.size, place.new) for place in places if place] == [
        (1, 1, True),
        (2, 2, True),
        (3, 3, True),
    ]
    again = enter(store, call(1, worker="B", entered_at=500.0))
    assert again is not None
    assert (again.position, again.size, again.new) == (2, 3, False)
    assert again.call.entered_at == 101.0, "who comes back has its place"
    other = enter(store, call(7, queue="other"))
    assert other is not None
    assert (other.position, other.size) == (1, 1)


def test_a_full_queue_takes_nobody_but_who_comes_back(store: Store) -> None:
    assert enter(store, call(0), most=1)
    assert enter(store, call(1), most=1) is None
    assert enter(store, call(0), most=1)


def test_the_longest_waiting_is_taken_once(store: Store) -> None:
    for number in (2, 0, 1):
        enter(store, call(number))
    assert take(store, "a") == take(store, "a") == "stay-0"
    assert take(store, "b", passed_over=["stay-1"]) == "stay-2"
    assert take(store, "c", nodes=["node-2"]) is None
    assert take(store, "c", queue="other") is None
    assert take(store, "c") == "stay-1"
    assert take(store, "d") is None
    assert store.ask(partial(queues.taken, worker="A")) == {
        "stay-0": "room-a",
        "stay-1": "room-c",
        "stay-2": "room-b",
    }


def test_the_order_is_that_of_all_switches_that_can_be_reached(store: Store) -> None:
    for number, node in enumerate(("three", "two", "one", "two")):
        enter(store, call(number, node_id=node))
    assert take(store, "a", nodes=["one"]) == "stay-2"
    assert take(store, "b", nodes=["one", "two"]) == "stay-1"
    assert take(store, "c", nodes=["one", "two", "three"]) == "stay-0"
    assert take(store, "d", nodes=["one", "three"]) is None


def test_who_was_not_met_is_first_again(store: Store) -> None:
    for number in range(2):
        enter(store, call(number))
    assert take(store, "a") == "stay-0"
    assert store.ask(partial(queues.waited_in, queues=["q", "x"])) == {"q"}
    store.change(partial(queues.put_back, stay="stay-0", taker="somebody else"))
    assert take(store, "b") == "stay-1"
    assert store.ask(partial(queues.waited_in, queues=["q", "x"])) == set()
    store.change(partial(queues.put_back, stay="stay-0", taker="a"))
    assert take(store, "b") == "stay-1", "one at a time"
    assert take(store, "c") == "stay-0"


def test_who_is_taken_in_this_moment_does_not_leave(store: Store) -> None:
    enter(store, call(0))
    enter(store, call(1))
    take(store)
    assert leave(store, "stay-0") is None
    gone = leave(store, "stay-0", though_taken=True)
    assert gone is not None
    assert (gone.position, gone.size) == (1, 2)
    assert leave(store, "stay-0", though_taken=True) is None


def test_served_calls_make_the_average(store: Store) -> None:
    for number in range(3):
        enter(store, call(number, entered_at=100.0))
    first = serve(store, "stay-0", 110.0)
    assert first is not None
    assert (first.position, first.size, first.average) == (0, 2, 10.0)
    second = serve(store, "stay-1", 130.0)
    assert second is not None
    assert second.average == 20.0
    assert serve(store, "stay-1", 140.0) is None, "it is told once"


def test_who_is_not_seen_for_long_is_taken_out(store: Store) -> None:
    for number in range(3):
        enter(store, call(number, seen_at=100.0))
    gone = store.change(partial(queues.seen, stays=["stay-1"], now=200.0, stale=150.0))
    assert {place.call.id for place in gone} == {"stay-0", "stay-2"}
    assert enter(store, call(3)).position == 2


def test_a_thousand_wait_and_many_take(database_url: str) -> None:
    stores = [Store.open(database_url, deadline=60) for _ in range(2)]
    numbers = count(MOST - 100)
    try:
        stores[0].change(
            lambda connection: [
                queues.enter(connection, call(number), MOST) for number in range(MOST - 100)
            ]
        )

        def come(store: Store) -> None:
            while (number := next(numbers)) < MOST:
                assert enter(store, call(number))

        gevent.joinall(
            [gevent.spawn(come, store) for store in stores for _ in range(20)], raise_error=True
        )
        assert enter(stores[0], call(MOST)) is None
        taken: list[str] = []

        def serve_some(name: str, store: Store) -> None:
            for turn in range(10):
                stay = take(store, f"{name}-{turn}")
                assert stay is not None
                taken.append(stay)

        gevent.joinall(
            [
                gevent.spawn(serve_some, f"{index}-{agent}", store)
                for index, store in enumerate(stores)
                for agent in range(5)
            ],
            raise_error=True,
        )
        assert sorted(taken, key=lambda stay: int(stay[5:])) == [f"stay-{n}" for n in range(100)]
    finally:
        for store in stores:
            store.close()
