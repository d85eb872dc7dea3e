"""A short soak: what `make soak` does for ten minutes, in a quarter of one."""

from pathlib import Path

import pytest
from plan import Plan
from soak import run


@pytest.mark.timeout(150)
def test_nothing_is_lost_while_workers_die_and_receiver_and_disk_fail(tmp_path: Path) -> None:
    plan = Plan(
        calls=12,
        seconds=15,
        call_seconds=5,
        kill_every=4,
        receiver_down=(3, 9),
        disk_full=(9, 11),
        settle=60,
    )
    report = run(plan, tmp_path)
    assert not report.faults, report.text()
    assert report.kills == 3
    assert report.calls >= 24
    assert report.by_outcome["finished"] >= 12
    assert set(report.by_outcome) > {"finished"}, "the full disk was not met"
