"""Functions in other processes: their values, their failures, their end."""

import os
import time

import gevent
import pytest

from adapter.helpers.errors import HelperError
from adapter.helpers.pool import Helpers

HERE = __name__


def double(number: int) -> int:
    print("this is heard by nobody")
    return number * 2


def whoami() -> int:
    return os.getpid()


def fail() -> None:
    raise ValueError("no such thing")


def die() -> None:
    os._exit(3)


def dawdle(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


@pytest.fixture
def helpers():
    made = Helpers(2)
    yield made
    made.close()


def named(function) -> str:
    return f"{HERE}:{function.__name__}"


def test_a_value_comes_back(helpers):
    assert helpers.run(named(double), deadline=30, number=21) == 42


def test_a_process_is_used_again_and_is_not_ours(helpers):
    first = helpers.run(named(whoami), deadline=30)
    assert first == helpers.run(named(whoami), deadline=30) != os.getpid()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (named(fail), "no such thing"),
        (named(die), "ended"),
        ("no.such:thing", "No module"),
        ("nothing", "not MODULE:FUNCTION"),
    ],
)
def test_a_failure_is_said_and_the_next_one_works(helpers, function, reason):
    with pytest.raises(HelperError, match=reason):
        helpers.run(function, deadline=30)
    assert helpers.run(named(double), deadline=30, number=1) == 2


def test_what_takes_too_long_is_ended_and_lets_others_go_on(helpers):
    helpers.run(named(whoami), deadline=30)
    slow = gevent.spawn(helpers.run, named(dawdle), deadline=0.5, seconds=60)
    assert helpers.run(named(double), deadline=30, number=2) == 4
    with pytest.raises(HelperError, match=r"more than 0\.5 s"):
        slow.get(timeout=30)


@pytest.mark.parametrize("is_started", [True, False], ids=["started", "being started"])
def test_closing_ends_what_runs(helpers, is_started):
    if is_started:
        helpers.run(named(whoami), deadline=30)
    slow = gevent.spawn(helpers.run, named(dawdle), deadline=60, seconds=60)
    gevent.sleep(0)
    helpers.close()
    with pytest.raises(HelperError):
        slow.get(timeout=30)
