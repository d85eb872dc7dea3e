"""Order, fairness, restarts, and more than one sender, on each kind of database."""

import itertools
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import gevent
import pytest
import sqlalchemy as sa
from callback_receiver import Behaviour, Request, answer, cut
from gevent.event import Event

from adapter import metrics
from adapter.callbacks.schedule import Limits
from adapter.callbacks.sender import SenderSettings
from adapter.store.claims import Want
from adapter.store.store import Store

LEASE = SenderSettings().lease

# Statements that let no outcome of an attempt be stored, and those that undo them.
BREAK = {
    "sqlite": [
        "CREATE TRIGGER broken BEFORE UPDATE OF finished_at ON callbacks "
        "BEGIN SELECT RAISE(ABORT, 'the disk says no'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'the disk says no'; END $$",
        "CREATE TRIGGER broken BEFORE UPDATE OF finished_at ON callbacks EXECUTE FUNCTION refuse()",
    ],
}
MEND = {
    "sqlite": ["DROP TRIGGER broken"],
    "postgresql": ["DROP TRIGGER broken ON callbacks"],
}


@pytest.fixture
def address(database_url: str) -> str:
    return database_url


def run(store: Store, statements: dict[str, list[str]]) -> None:
    def change(connection: sa.Connection) -> None:
        for sql in statements[connection.dialect.name]:
            connection.exec_driver_sql(sql)

    store.change(change)


def hold(gate: Event) -> Behaviour:
    """Answer once the gate opens."""

    def behave(request: Request, connection: Any) -> None:
        gate.wait()
        answer()(request, connection)

    return behave


def test_stream_stays_in_order_over_failures(receiver, sender, put, settled) -> None:
    receiver.behave(answer(500), answer(200), answer(503), answer(503), answer(200))
    last = [put(receiver.url, number) for number in range(6)][-1]
    settled(last, "delivered")
    numbers = [request.number for request in receiver.requests]
    assert numbers == [0, 0, 1, 1, 1, 2, 3, 4, 5]


def test_a_flapping_receiver_gets_everything_in_order_and_repeats_as_they_were(
    receiver, sender, put, settled
) -> None:
    """Up for three requests, of which one is answered, and down; up again, and so on."""
    misbehaviours = itertools.cycle([answer(), cut, answer(500), answer(429, Retry_After="0")])
    down = Event()

    def flap(request: Request, connection: Any) -> None:
        next(misbehaviours)(request, connection)
        if len(receiver.requests) % 3 == 0:
            down.set()

    receiver.behave(flap)
    callbacks = [put(receiver.url, n, stream=f"s-{n % 2}") for n in range(10)]
    while waiting := [one for one in map(settled, callbacks) if one.state == "pending"]:
        if down.wait(0.01):
            receiver.hang_up()
            before = {one.id: one.attempts for one in waiting}
            settled(waiting[0], attempts=before[waiting[0].id] + 1)  # in vain
            down.clear()
            receiver.listen()
    assert len(receiver.requests) > len(callbacks)
    for stream in range(2):
        numbers = [r.number for r in receiver.requests if r.number % 2 == stream]
        assert numbers == sorted(numbers), "the next one waits for the one before"
        assert set(numbers) == set(range(stream, 10, 2))
    repeats = {(r.number, r.key, r.body) for r in receiver.requests}
    assert repeats == {(n, c.id, c.body) for n, c in enumerate(callbacks)}


def test_streams_do_not_wait_for_each_other(receiver, sender, put, settled) -> None:
    def by_stream(request, connection) -> None:
        answer(500 if b"stuck" in request.body else 200)(request, connection)

    receiver.behave(by_stream)
    stuck = put(receiver.url, stream="stuck", what="stuck")
    for number in range(5):
        settled(put(receiver.url, number, stream=f"free-{number}"), "delivered")
    assert settled(stuck).state == "pending"


def test_silent_receiver_holds_up_nobody_else(
    receiver, make_receiver, make_sender, put, settled, impatient
) -> None:
    make_sender(settings=impatient)
    silent = make_receiver()
    silent.behave(silent.silent)
    for number in range(150):
        put(silent.url, number, stream=f"silent-{number}")
    silent.wait_for(1)
    good = [put(receiver.url, number, stream=f"good-{number}") for number in range(20)]
    for callback in good:
        settled(callback, "delivered")
    assert len(silent.requests) < 50
    assert silent.most_running <= impatient.limits.per_receiver


def test_receiver_that_does_not_answer_is_tried_one_at_a_time(
    receiver, make_sender, put, impatient
) -> None:
    make_sender(settings=impatient)
    receiver.behave(answer(503), receiver.silent)
    put(receiver.url, stream="first")
    receiver.wait_for(2)
    for number in range(10):
        put(receiver.url, number, stream=f"s-{number}")
    receiver.wait_for(5)
    assert receiver.most_running == 1


def test_receiver_gets_no_more_at_once_than_its_limit(receiver, sender, put, quick) -> None:
    gate = Event()
    receiver.behave(hold(gate))
    for number in range(40):
        put(receiver.url, number, stream=f"s-{number}")
    receiver.wait_for(quick.limits.per_receiver)
    gate.set()
    receiver.wait_for(40)
    assert receiver.most_running == quick.limits.per_receiver


def test_slots_that_come_free_go_to_who_got_too_few(
    receiver, make_receiver, make_sender, put, quick
) -> None:
    make_sender(settings=replace(quick, limits=Limits(per_receiver=2, total=2)))
    first = make_receiver()
    leave = [Event(), Event(), Event()]
    first.behave(hold(leave[0]), hold(leave[1]))
    receiver.behave(hold(leave[2]))
    for number in range(2):
        put(first.url, number, stream=f"a-{number}")
    first.wait_for(2)
    for number in range(2):
        put(receiver.url, number, stream=f"b-{number}")
    leave[0].set()
    receiver.wait_for(1)
    leave[1].set()
    # Sooner than the first of them could time out and make room for the second.
    receiver.wait_for(2, seconds=quick.timeouts.read / 2)
    leave[2].set()


def test_delivery_goes_on_after_a_restart(
    receiver, make_receiver, make_sender, put, settled, address, quick
) -> None:
    down = make_receiver(listening=False)
    first = make_sender()
    callbacks = [put(down.url, number, stream=f"s-{number % 3}") for number in range(9)]
    settled(callbacks[0], attempts=1)
    first.stop(quick.timeouts.total)  # what it is at is not to be written after the restart
    down.listen()
    again = Store.open(address)
    try:
        make_sender(store=again)
        for callback in callbacks:
            assert settled(callback, "delivered").body == callback.body
    finally:
        again.close()
    by_stream: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for request in down.requests:
        by_stream[request.number % 3].append(request.number)
    assert by_stream == {0: [0, 3, 6], 1: [1, 4, 7], 2: [2, 5, 8]}


def claim_and_die(store: Store, url: str, worker: str) -> None:
    now = time.time()
    wants = [Want(origin=url, limit=10)]
    (taken,) = store.take_callbacks(wants, worker=worker, now=now, until=now + LEASE)
    assert taken.callbacks


def test_own_claims_of_a_killed_process_are_taken_up_at_once(
    receiver, make_sender, put, settled, store
) -> None:
    callback = put(receiver.url)
    claim_and_die(store, receiver.url, "A")
    make_sender(worker="A")
    assert settled(callback, "delivered").attempts == 1


def test_anothers_claims_are_taken_up_when_the_lease_ends(
    receiver, make_sender, put, settled, store
) -> None:
    callback = put(receiver.url)
    claim_and_die(store, receiver.url, "A")
    early = make_sender(worker="B")
    other = put(receiver.url, stream="rec-2")
    settled(other, "delivered")
    assert settled(callback).state == "pending"
    early.stop(1)
    make_sender(worker="B", clock=lambda: time.time() + LEASE)
    settled(callback, "delivered")
    assert Counter(request.key for request in receiver.requests) == {callback.id: 1, other.id: 1}


def test_two_senders_on_one_store_do_not_send_the_same(
    receiver, make_sender, put, settled, address
) -> None:
    callbacks = [put(receiver.url, n, stream=f"s-{n % 10}") for n in range(60)]
    other = Store.open(address)
    try:
        senders = [make_sender(worker="A"), make_sender(worker="B", store=other)]
        for callback in callbacks:
            settled(callback, "delivered")
        for sender in senders:
            sender.stop(5)
    finally:
        other.close()
    assert len(receiver.requests) == 60
    assert len({request.key for request in receiver.requests}) == 60
    for stream in range(10):
        numbers = [r.number for r in receiver.requests if r.number % 10 == stream]
        assert numbers == sorted(numbers)


def test_outcome_that_could_not_be_stored_means_it_is_sent_again(
    receiver, make_sender, put, settled, store
) -> None:
    first = make_sender()
    run(store, BREAK)
    callback = put(receiver.url)
    receiver.wait_for(1)
    first.stop(5)
    run(store, MEND)
    make_sender()
    settled(callback, "delivered")
    one, two = receiver.requests
    assert (one.key, one.body) == (two.key, two.body)


def test_stop_sends_what_is_due(receiver, sender, put, store) -> None:
    for number in range(30):
        put(receiver.url, number, stream=f"s-{number % 7}")
    sender.stop(10)
    assert store.outbox_counts().pending == 0
    assert len(receiver.requests) == 30


def test_stop_does_not_wait_for_a_silent_receiver(receiver, sender, put, store) -> None:
    receiver.behave(receiver.silent)
    put(receiver.url)
    receiver.wait_for(1)
    began = time.monotonic()
    sender.stop(0.05)
    assert time.monotonic() - began < 4.0
    assert store.outbox_counts().pending == 1


def test_stop_does_not_wait_for_what_is_due_later(make_receiver, make_sender, put, settled) -> None:
    sender = make_sender()
    callback = put(make_receiver(listening=False).url)
    settled(callback, attempts=4)
    began = time.monotonic()
    sender.stop(10)
    assert time.monotonic() - began < 5.0
    assert settled(callback).state == "pending"


def test_metrics_tell_attempts_and_what_waits(
    receiver, make_receiver, sender, put, settled
) -> None:
    def value(name: str) -> float:
        found = [line for line in metrics.render().decode().splitlines() if line.startswith(name)]
        return float(found[0].split()[-1]) if found else 0.0

    names = [f'swml_callback_attempts_total{{outcome="{o}"}}' for o in ("delivered", "failed")]
    before = [value(name) for name in names]
    receiver.behave(answer(), answer(404))
    settled(put(receiver.url, 1), "delivered")
    settled(put(receiver.url, 2), "failed")
    waiting = put(make_receiver(listening=False).url)
    settled(waiting, attempts=1)
    sender.measure()
    assert [value(name) - old for name, old in zip(names, before, strict=True)] == [1, 1]
    assert value("swml_outbox_depth") == 1
    assert value("swml_outbox_failed") == 1
    assert 0 < value("swml_outbox_oldest_seconds") < 60
    assert value('swml_callback_attempts_total{outcome="retry"}') > 0


PATCHED = """
from gevent import monkey; monkey.patch_all()
import sys, time
from adapter.callbacks.outbox import Outbox
from adapter.callbacks.sender import Sender, SenderSettings
from adapter.store.store import Store
url, receiver = sys.argv[1:]
store = Store.open(url)
sender = Sender(store, SenderSettings(), keys={}, worker="A")
sender.start()
for number in range(20):
    store.commit(Outbox().put(f"s-{number % 4}", receiver, {"n": number}, "p"))
sender.stop(20)
assert store.outbox_counts().pending == 0, store.callbacks()
store.close()
print("done")
"""


def test_works_in_a_monkey_patched_process(receiver, address) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PATCHED, address, f"http://localhost:{receiver.port}/"],
        stdout=subprocess.PIPE,
        env={**os.environ, "no_proxy": "*"},
    ) as child:
        receiver.wait_for(20, seconds=60)
        output, _ = gevent.get_hub().threadpool.apply(child.communicate)
    assert child.returncode == 0
    assert output.splitlines()[-1] == b"done"
