"""`make soak`: recorded calls while workers are killed, the receiver is down, the disk is full.

So many calls at once, each recorded; every so often a worker is killed with SIGKILL, for a part of
the time the receiver answers 503, and for some seconds recordings find no space. At the end nothing
may be missing: no call ended before its script, no recording without a final state and its file,
every callback there, in order, and repeats equal to the byte.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from judge import judge
from plan import REAL, Plan, Report, within
from receiver import Receiver
from subject import Subject, cpu_seconds, running
from switches import Real, Simulated, SoakSwitch, find_binary

TURN = 0.1
MEMORY_EVERY = 5.0
LAST_CALLS = 60.0
"""Seconds for the last calls to end, beyond their script."""


def run(plan: Plan, folder: Path) -> Report:
    """Carry the plan out and judge it."""
    report = Report()
    with ExitStack() as stack:
        receiver = Receiver()
        stack.callback(receiver.close)
        switch: SoakSwitch = (Real if plan.real else Simulated)(folder, plan)
        stack.callback(switch.stop)
        subject = stack.enter_context(
            running(
                plan,
                folder,
                port=switch.adapter_port,
                steps=_script(plan, receiver.url),
                settings={"nodes": [switch.node]},
            )
        )
        Soak(plan, switch, subject, receiver, report).run()
        _wait_for_callbacks(plan, receiver, report)
        report.cpu = {
            "adapter": round(cpu_seconds(subject.pid) + _workers_cpu(subject)),
            "switch": round(cpu_seconds(switch.pid)),
            "all else": round(time.process_time()),
        }
    judge(plan, folder, receiver, report)
    return report


def _script(plan: Plan, status_url: str) -> list[Any]:
    return [
        "answer",
        {"record_call": {"stereo": True, "status_url": status_url}},
        {"sleep": round(plan.call_seconds * 1000)},
        "stop_record_call",
    ]


def _workers_cpu(subject: Subject) -> float:
    return sum(cpu_seconds(pid) for pid in subject.workers().values())


class Soak:
    """One run: places calls at an even pace, and does harm on time."""

    def __init__(
        self,
        plan: Plan,
        switch: SoakSwitch,
        subject: Subject,
        receiver: Receiver,
        report: Report,
    ) -> None:
        self._plan = plan
        self._switch = switch
        self._subject = subject
        self._receiver = receiver
        self._report = report
        self._up: dict[str, float] = {}
        self._victims = _victims(plan.workers)
        self._next_kill = plan.kill_every
        self._next_look = plan.warm_seconds

    def run(self) -> None:
        """From the first call to the last one's end."""
        plan, began = self._plan, time.monotonic()
        while (now := time.monotonic() - began) < plan.seconds:
            self._place_calls(now)
            self._do_harm(now)
            self._look(now)
            time.sleep(TURN)
        self._receiver.down = False
        until = time.monotonic() + plan.call_seconds + LAST_CALLS
        while self._up and time.monotonic() < until:
            self._see_ends()
            time.sleep(TURN)
        for name in self._up:
            self._report.faults.append(f"call {name} did not end")

    def _place_calls(self, now: float) -> None:
        due = min(self._plan.calls, int(self._plan.calls_per_second * now) + 1)
        while len(self._up) < due:
            self._up[self._switch.call()] = time.monotonic()
            self._report.calls += 1
        self._report.most_at_once = max(self._report.most_at_once, len(self._up))

    def _do_harm(self, now: float) -> None:
        plan = self._plan
        self._receiver.down = within(plan.receiver_down, now)
        if plan.disk_full != (0, 0):
            self._switch.fill_disk(within(plan.disk_full, now))
        if now >= self._next_kill and self._subject.kill_worker(next(self._victims)):
            self._report.kills += 1
            self._next_kill += plan.kill_every

    def _look(self, now: float) -> None:
        self._see_ends()
        if now < self._next_look:
            return
        self._next_look += MEMORY_EVERY
        size = self._subject.memory_mb(0)
        if size is not None:
            self._report.memory.append((now, size))

    def _see_ends(self) -> None:
        for name in self._switch.ended():
            placed = self._up.pop(name, None)
            if placed is not None and time.monotonic() - placed < self._plan.call_seconds:
                self._report.faults.append(f"call {name} ended too early")


def _victims(workers: int) -> Iterator[int]:
    """The first worker once, then the others in turn: memory is measured of one that lives on."""
    yield 0
    yield from itertools.cycle(range(1, workers))


def _wait_for_callbacks(plan: Plan, receiver: Receiver, report: Report) -> None:
    """Until every recording's last state was told, or time is up."""
    until = time.monotonic() + plan.settle
    final = ("finished", "error")
    while time.monotonic() < until:
        params = [json.loads(body)["params"] for _, body in list(receiver.taken)]
        told = {each["control_id"] for each in params if each["state"] in final}
        if len(told) >= report.calls:
            return
        time.sleep(1)


def main() -> None:
    """The command line of `make soak`."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--real", action="store_true", help="on a real FreeSWITCH")
    options.add_argument("--calls", type=int, help="calls at once")
    options.add_argument("--seconds", type=float, help="for how long")
    options.add_argument("--keep", type=Path, help="folder to keep logs and database in")
    chosen = options.parse_args()
    if chosen.real and find_binary() is None:
        print("no FreeSWITCH on this machine: nothing was run on a real switch")
        return
    plan = REAL if chosen.real else Plan()
    plan = replace(plan, calls=chosen.calls or plan.calls, seconds=chosen.seconds or plan.seconds)
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report = run(plan, folder)
    print(report.text())
    sys.exit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
