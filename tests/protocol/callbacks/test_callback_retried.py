"""A callback that somebody put back has a new one's patience."""

from callback_receiver import answer
from msgspec.structs import replace

from adapter.store.rows import CallbackFilter
from adapter.store.writes import PutCallback


def test_it_is_retried_however_old_it_is(receiver, make_sender, store, put, settled) -> None:
    receiver.behave(answer(503), answer(503), answer())
    fresh = put(receiver.url, 1)
    store.drop_callbacks(CallbackFilter(ids=(fresh.id,)))
    long_ago = fresh.created_at - 90_000
    failed = replace(fresh, created_at=long_ago, state="failed", attempts=400, finished_at=long_ago)
    store.commit(PutCallback(failed))
    store.retry_callbacks(CallbackFilter(state="failed"), now=fresh.created_at)
    make_sender()
    done = settled(fresh, "delivered")
    assert (done.attempts, done.body) == (3, fresh.body)


def test_it_is_the_same_again(receiver, make_sender, store, put, settled) -> None:
    receiver.behave(answer(404), answer())
    callback = put(receiver.url, 1)
    make_sender()
    settled(callback, "failed")
    store.retry_callbacks(CallbackFilter(ids=(callback.id,)), now=callback.created_at)
    make_sender(worker="B")
    settled(callback, "delivered")
    first, second = receiver.requests
    assert (first.key, first.body) == (second.key, second.body)
