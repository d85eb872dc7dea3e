"""When a call's next step waits until it is written where the call stands."""

from functools import partial
from types import SimpleNamespace

import pytest

from adapter.calls.session import AUDIBLE_SECONDS, Session
from adapter.swml.effects import Effect


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


def test_what_is_done_once_stands_written_down_before_it_and_before_the_next_step() -> None:
    """Killed in any moment, a request whose answer is there is not sent again."""
    done: list[str] = []
    steps = iter([Effect("play", {}, "0"), Effect("request", {}, "1"), Effect("set", {}, "2")])
    positions = SimpleNamespace(
        flush=lambda _: done.append("written down"), note=lambda _: done.append("noted")
    )
    session = SimpleNamespace(
        _replacement=None,
        _step_began=0.0,
        _call=SimpleNamespace(answered=True),
        _service=SimpleNamespace(positions=positions),
        _report_warnings=lambda _: None,
        _do=lambda _, effect: done.append(effect.method),
        _was_heard=Session._was_heard,
    )
    session._keep_position = partial(Session._keep_position, session)
    script = SimpleNamespace(next_effect=lambda: next(steps, None), apply=lambda _: None)
    Session._run_steps(session, script)  # type: ignore[arg-type]
    assert done == ["noted", "play", "written down", "request", "written down", "set"]
