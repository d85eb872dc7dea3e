"""Skipped time: it jumps when nothing is left to do, and is real while others are waited for."""

import ctypes
import time

import gevent
import pytest
from gevent.event import Event
from gevent.queue import Empty, Queue
from gevent.threadpool import ThreadPool
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.simulate.clock import RealTime, SkippedTime

HOUR = 3600.0
SOON = 60.0
"""Real seconds in which a skipped hour is over, also on a busy machine."""


@pytest.fixture
def clock():
    with SkippedTime() as entered:
        yield entered


@pytest.fixture
def real_seconds():
    """Real seconds since the test began: `perf_counter` is nobody's virtual clock."""
    began = time.perf_counter()
    return lambda: time.perf_counter() - began


def test_an_hour_of_sleep_takes_no_time(clock, real_seconds):
    unix, monotonic = time.time(), time.monotonic()
    gevent.sleep(HOUR)
    assert time.time() - unix == pytest.approx(HOUR, abs=0.1)
    assert time.monotonic() - monotonic == pytest.approx(HOUR, abs=0.1)
    assert real_seconds() < SOON


def test_every_kind_of_wait_is_skipped(clock, real_seconds):
    began = clock.monotonic()
    assert not Event().wait(HOUR)
    with pytest.raises(Empty):
        Queue().get(timeout=HOUR)
    with gevent.Timeout(HOUR, False):
        Event().wait()
    gevent.spawn_later(HOUR, int).join()
    assert clock.monotonic() - began == pytest.approx(4 * HOUR, abs=0.1)
    assert real_seconds() < SOON


def test_a_wait_that_is_over_leaves_no_timer(clock):
    happened = Event()
    gevent.spawn_later(1, happened.set)
    began = clock.monotonic()
    assert happened.wait(HOUR)
    gevent.sleep(1)
    assert clock.monotonic() - began == pytest.approx(2, abs=0.1)


def test_time_stands_still_while_greenlets_run(clock):
    began = clock.monotonic()
    for _ in range(1000):
        gevent.sleep(0)
    sum(range(100_000))
    assert clock.monotonic() == began


def test_ticks_go_on(clock):
    """Who sleeps until the next 20 ms tick of a clock arrives there, and not just before it."""
    began = clock.monotonic()
    for tick in range(1, 500):
        gevent.sleep(began + tick * 0.02 - clock.monotonic())
        assert int((clock.monotonic() - began) / 0.02) == tick


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=20))
def test_greenlets_wake_in_the_order_of_their_times(waits):
    woken = []
    with SkippedTime():
        sleepers = [
            gevent.spawn_later(seconds, woken.append, (seconds, index))
            for index, seconds in enumerate(waits)
        ]
        gevent.joinall(sleepers)
    assert woken == sorted(woken)


def test_time_is_real_while_a_native_thread_works(clock, real_seconds):
    pool = ThreadPool(1)
    began = clock.monotonic()
    result = pool.spawn(ctypes.CDLL(None).usleep, 200_000)
    with gevent.Timeout(0.05, False):
        result.get()
    assert not result.ready()
    result.get()
    assert real_seconds() >= 0.2
    assert 0.2 <= clock.monotonic() - began < SOON
    pool.kill()


def test_time_is_real_while_others_are_waited_for(clock, real_seconds):
    with clock.outside():
        gevent.sleep(0.1)
    assert real_seconds() >= 0.1
    gevent.sleep(HOUR)
    assert real_seconds() < SOON


def test_what_was_waited_for_before_goes_on_while_time_is_real(clock, real_seconds):
    woken = Event()
    gevent.spawn_later(0.05, woken.set)
    with clock.outside():
        assert woken.wait(SOON)
    assert real_seconds() >= 0.05


def test_an_error_in_a_timer_does_not_stop_time(clock, capfd):
    def fail():
        raise ValueError("in a timer")

    gevent.get_hub().loop.timer(1).start(fail)
    gevent.sleep(2)
    assert "in a timer" in capfd.readouterr().err


def test_the_hub_stays_the_one_that_hears_of_errors():
    hub = gevent.get_hub()
    loop = hub.loop
    with SkippedTime():
        hub.loop.error_handler = None  # as a hub does whose loop comes to a dead end,
        assert loop.error_handler is None
        hub.loop.error_handler = hub  # and goes on
    assert loop.error_handler is hub


def test_a_repeated_timer(clock):
    rung = []
    with gevent.get_hub().loop.timer(1, 10) as timer:
        timer.start(lambda: rung.append(round(clock.monotonic() - began)))
        began = clock.monotonic()
        gevent.sleep(35)
    gevent.sleep(100)
    assert rung == [1, 11, 21, 31]


def test_everything_is_put_back():
    before = (time.time, time.monotonic, gevent.get_hub().loop)
    with SkippedTime():
        assert (time.time, time.monotonic, gevent.get_hub().loop) != before
    assert (time.time, time.monotonic, gevent.get_hub().loop) == before


def test_real_time_is_real(real_seconds):
    with RealTime() as clock, clock.outside():
        began = clock.monotonic()
        gevent.sleep(0.05)
        assert clock.monotonic() - began >= 0.05
    assert real_seconds() >= 0.05
