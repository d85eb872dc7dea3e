"""When a call's next step waits until it is written where the call stands."""

import pytest

from adapter.calls.session import AUDIBLE_SECONDS, Session


@pytest.mark.parametrize(
    ("method", "seconds", "waits"),
    [
        ("play", 2 * AUDIBLE_SECONDS, True),
        ("play", AUDIBLE_SECONDS / 2, False),
        ("sleep", 2 * AUDIBLE_SECONDS, True),
        ("request", 0.0, True),
        # On a busy machine: done again it starts no second recording, and nobody hears it.
        ("record_call", 2 * AUDIBLE_SECONDS, False),
        ("stop_record_call", 2 * AUDIBLE_SECONDS, False),
        ("answer", 2 * AUDIBLE_SECONDS, False),
    ],
)
def test_what_was_heard_is_written_down(method: str, seconds: float, waits: bool) -> None:
    assert Session._was_heard(method, seconds) is waits
