"""What must be true after a soak: no call dropped, no recording open, no callback lost."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

from plan import Plan, Report
from receiver import Receiver

from adapter.store.rows import Recording, RecordingFilter
from adapter.store.store import Store

FINAL = ("finished", "no_input", "error")
EXPECTED_ERRORS = {"write_failed", "disk_full", "record_refused"}
"""What a full disk leads to, and nothing else may."""

SLACK = 1.0
"""Seconds that a recording may miss of its call's script: switch and adapter are two clocks."""


def judge(plan: Plan, folder: Path, receiver: Receiver, report: Report) -> None:
    """Add to the report what is wrong."""
    told = _told_states(receiver, report)
    store = Store.open(f"sqlite:///{folder / 'data' / 'adapter.db'}")
    rows = store.recordings(RecordingFilter(), limit=1_000_000)
    pending = store.outbox_counts()
    store.close()
    if len(rows) != report.calls:
        report.faults.append(f"{len(rows)} recordings of {report.calls} calls")
    if pending.pending or pending.failed:
        report.faults.append(f"{pending.pending} callbacks wait, {pending.failed} have failed")
    report.by_outcome = dict(Counter(f"{r.state} {r.error_code or ''}".strip() for r in rows))
    for row in rows:
        for fault in _faults(plan, folder, row, told[row.control_id]):
            report.faults.append(f"recording {row.id} {fault}")


def _faults(plan: Plan, folder: Path, row: Recording, told: list[str]) -> list[str]:
    if row.state not in FINAL:
        return [f"is still {row.state}"]
    if row.state == "error":
        return _faults_of_error(plan, row, told)
    faults = []
    if not (folder / "recordings" / row.path).exists():
        faults.append("has no file")
    if told != ["recording", row.state]:
        faults.append(f"was told as {told}")
    if (row.duration or 0) < plan.call_seconds - SLACK:
        faults.append(f"lasts {row.duration} s")
    return faults


def _faults_of_error(plan: Plan, row: Recording, told: list[str]) -> list[str]:
    faults = []
    if told not in (["error"], ["recording", "error"]):
        faults.append(f"was told as {told}")
    if row.error_code not in EXPECTED_ERRORS or plan.disk_full == (0, 0):
        faults.append(f"failed: {row.error_code}, {row.error_message}")
    return faults


def _told_states(receiver: Receiver, report: Report) -> dict[str, list[str]]:
    """The states of each recording in the order in which they arrived, repeats left out."""
    bodies: dict[str, bytes] = {}
    states: dict[str, list[str]] = defaultdict(list)
    for key, body in receiver.taken:
        report.callbacks += 1
        if key in bodies:
            report.repeats += 1
            if bodies[key] != body:
                report.faults.append(f"callback {key} came again with other bytes")
            continue
        bodies[key] = body
        params = json.loads(body)["params"]
        states[params["control_id"]].append(params["state"])
    return states
