"""A short soak: what `make soak` does for ten minutes, in half of one."""

from pathlib import Path

import pytest
from soak import Plan, run


@pytest.mark.timeout(150)
def test_nothing_is_lost_while_workers_die_and_the_receiver_is_down(tmp_path: Path) -> None:
    plan = Plan(
        calls=12,
        seconds=12,
        call_seconds=5,
        kill_every=4,
        receiver_down=(3, 9),
        settle=60,
    )
    report = run(plan, tmp_path)
    assert not report.faults, report.text()
    assert report.kills == 2
    assert report.calls >= 24
