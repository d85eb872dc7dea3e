"""Whether and when a callback is tried again.

Retryable is a property of the failure: no answer, 5xx, 408, 425 and 429 may pass; any other
answer would be the same next time. The wait doubles from attempt to attempt, with jitter, so that
the callbacks of an hour's outage do not all come back in the same second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

MAX_RETRY_AFTER = 3600.0
"""A receiver may ask for patience, but not park a callback until it is given up."""

_RETRYABLE_CLIENT_ERRORS = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
# Exponents beyond this only overflow: no policy waits 2**60 times its first delay.
_MAX_EXPONENT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """All in seconds but `factor`. `give_up` counts from when the callback was stored."""

    first_retry: float = 1.0
    factor: float = 2.0
    max_retry: float = 300.0
    give_up: float = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one attempt: a status, or the reason why there is none.

    `retry_after` is the receiver's wish in seconds. `refused` is our own reason not to send.
    """

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It will never be delivered."""

    reason: str


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at this Unix time."""

    moment: float
    reason: str


Decision = Delivered | Failed | RetryAt


def decide(
    answer: Answer,
    *,
    attempts: int,
    created_at: float,
    now: float,
    policy: RetryPolicy,
    random: Callable[[], float],
) -> Decision:
    """What to do after the attempt number `attempts` (from 1) of a callback.

    However old a callback is, one attempt is always made: giving up is decided here only.
    """
    if answer.status is not None and is_delivered(answer.status):
        return Delivered()
    reason = _reason(answer)
    if answer.refused or (answer.status is not None and not is_retryable(answer.status)):
        return Failed(reason)
    wait = max(delay(attempts, policy, random), answer.retry_after or 0.0)
    if now + wait > created_at + policy.give_up:
        return Failed(f"given up after {attempts} attempts in {now - created_at:.0f} s: {reason}")
    return RetryAt(now + wait, reason)


def is_delivered(status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def is_retryable(status: int) -> bool:
    """Whether the same request may be answered better later."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RETRYABLE_CLIENT_ERRORS


def delay(attempts: int, policy: RetryPolicy, random: Callable[[], float]) -> float:
    """Seconds to wait after `attempts` failures: between half and all of the back-off.

    `random` gives numbers in [0, 1).
    """
    exponent = min(attempts - 1, _MAX_EXPONENT)
    backoff = min(policy.max_retry, policy.first_retry * policy.factor**exponent)
    return backoff * (0.5 + 0.5 * random())


def retry_after(value: str | None, now: float) -> float | None:
    """The seconds that a Retry-After header asks for (RFC 9110 §10.2.3), at most an hour.

    `value` is a number of seconds or an HTTP date; `now` is the Unix time. Anything else is None.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # More digits than this is beyond the limit anyway, and slow to convert.
        seconds = float(text[:10])
    else:
        moment = _http_date(text)
        if moment is None:
            return None
        seconds = moment - now
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _http_date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None


def _reason(answer: Answer) -> str:
    status = answer.status
    if status is None:
        return answer.error or "no answer"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"answered {status}: redirects are not followed, name the final address"
    return f"answered {status}" + (f" {answer.error}" if answer.error else "")
