"""When a callback is tried again, and when not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.callbacks.retry import (
    MAX_RETRY_AFTER,
    Answer,
    Decision,
    Delivered,
    Failed,
    RetryAt,
    RetryPolicy,
    decide,
    delay,
    retry_after,
)

NOW = 1_700_000_000.0
POLICY = RetryPolicy()


def after(answer: Answer, *, attempts: int = 1, age: float = 0.0) -> Decision:
    return decide(
        answer,
        attempts=attempts,
        created_at=NOW - age,
        now=NOW,
        policy=POLICY,
        random=lambda: 1.0,
    )


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_delivered(status: int) -> None:
    assert after(Answer(status=status)) == Delivered()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599, 700])
def test_what_may_pass_is_retried(status: int) -> None:
    assert after(Answer(status=status)) == RetryAt(NOW + 1.0, f"answered {status}")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422, 424, 451, 499])
def test_what_would_be_the_same_next_time_is_final(status: int) -> None:
    assert after(Answer(status=status, error="No")) == Failed(f"answered {status} No")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_redirects_are_final_and_say_what_to_do(status: int) -> None:
    decision = after(Answer(status=status))
    assert isinstance(decision, Failed)
    assert "name the final address" in decision.reason


def test_no_answer_is_retried() -> None:
    assert after(Answer(error="connection refused")) == RetryAt(NOW + 1.0, "connection refused")


def test_our_own_refusal_is_final() -> None:
    assert after(Answer(error="link-local", refused=True)) == Failed("link-local")


def test_given_up_after_its_time_with_the_last_reason() -> None:
    fresh = after(Answer(status=500), attempts=20, age=86_000)
    assert isinstance(fresh, RetryAt)
    old = after(Answer(status=500), attempts=300, age=86_200)
    assert isinstance(old, Failed)
    assert old.reason == "given up after 300 attempts in 86200 s: answered 500"


def test_one_that_is_too_old_is_still_delivered_by_its_attempt() -> None:
    assert after(Answer(status=200), age=1e9) == Delivered()


def test_receivers_wish_extends_the_wait_but_does_not_shorten_it() -> None:
    asked = after(Answer(status=429, retry_after=40.0))
    assert isinstance(asked, RetryAt)
    assert asked.moment == NOW + 40.0
    early = after(Answer(status=503, retry_after=0.0), attempts=3)
    assert isinstance(early, RetryAt)
    assert early.moment == NOW + 4.0


def test_backoff_doubles_up_to_its_limit() -> None:
    waits = [delay(attempt, POLICY, lambda: 1.0) for attempt in range(1, 12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(
    attempts=st.integers(1, 10**9),
    first=st.floats(0.001, 100),
    factor=st.floats(1, 10),
    longest=st.floats(0.001, 10_000),
    random=st.floats(0, 1, exclude_max=True),
)
def test_wait_is_between_half_and_all_of_the_backoff(
    attempts: int, first: float, factor: float, longest: float, random: float
) -> None:
    policy = RetryPolicy(first_retry=first, factor=factor, max_retry=longest)
    whole = delay(attempts, policy, lambda: 1.0)
    assert whole <= longest
    assert whole / 2 <= delay(attempts, policy, lambda: random) <= whole
    assert delay(attempts + 1, policy, lambda: 1.0) >= whole


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("999999", MAX_RETRY_AFTER),
        ("9" * 5000, MAX_RETRY_AFTER),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0.0),
        ("Fri, 14 Nov 2053 22:13:20 GMT", MAX_RETRY_AFTER),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Tue, 99 Nov 2023 22:13:50 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_breaks_us(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER
