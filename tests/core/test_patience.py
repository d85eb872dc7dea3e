"""Waits with a deadline, watched together."""

import time

import gevent
import pytest
from gevent.event import AsyncResult, Event

from adapter import patience

DEADLINE = 0.2


def test_what_is_ready_is_not_waited_for() -> None:
    flag = Event()
    flag.set()
    assert patience.wait(flag, DEADLINE)


def test_what_comes_in_time_ends_the_wait_at_once() -> None:
    result = AsyncResult()
    gevent.spawn_later(0.01, result.set, "it")
    assert patience.wait(result, 60)
    assert result.get() == "it"


def test_an_error_is_what_was_waited_for() -> None:
    result = AsyncResult()
    gevent.spawn_later(0.01, result.set_exception, ValueError("no"))
    assert patience.wait(result, 60)
    with pytest.raises(ValueError, match="no"):
        result.get()


def test_each_wait_has_its_own_end() -> None:
    began = time.monotonic()
    ended: list[tuple[int, bool, float]] = []
    flags = [Event() for _ in range(4)]

    def wait(number: int) -> None:
        came = patience.wait(flags[number], DEADLINE)
        ended.append((number, came, time.monotonic() - began))

    for number in range(4):
        gevent.spawn_later(number * 0.03, wait, number)
    gevent.spawn_later(0.1, flags[2].set)
    gevent.wait(timeout=5)
    assert [(number, came) for number, came, _ in ended] == [
        (2, True),
        (0, False),
        (1, False),
        (3, False),
    ]
    for number, came, seconds in ended:
        assert came or seconds >= number * 0.03 + DEADLINE - 0.005


def test_who_is_killed_is_forgotten() -> None:
    waiting = gevent.spawn(patience.wait, Event(), DEADLINE)
    gevent.sleep(0)
    waiting.kill()
    # Its end comes and goes; nothing is thrown at who waits next.
    assert not patience.wait(Event(), 2 * DEADLINE)
    assert waiting.dead


def test_it_is_over_when_nobody_waits() -> None:
    assert not patience.wait(Event(), DEADLINE)
    kept = patience._patience(gevent.get_hub(), DEADLINE)
    gevent.sleep(DEADLINE / 10)
    assert not kept._watched
    assert not patience.wait(Event(), DEADLINE)
