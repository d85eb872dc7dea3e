"""`make soak`: recorded calls while workers are killed and the receiver of callbacks is down.

Many calls at once on the simulated switch, each recorded; every so often a worker is killed with
SIGKILL, and for a part of the time the receiver answers 503. At the end nothing may be missing: no
call ended before its script, no recording without a final state and its file, every callback there,
in order, and repeats equal to the byte.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from adapter.simswitch.client import SimClient, SimProcess
from adapter.store.rows import RecordingFilter
from adapter.store.store import Store

FINAL = ("finished", "no_input", "error")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many calls at once, for how long, and what happens meanwhile (times in seconds)."""

    calls: int = 500
    seconds: float = 600
    call_seconds: float = 20
    workers: int = 2
    kill_every: float = 30
    receiver_down: tuple[float, float] = (120, 300)
    settle: float = 120
    """How long callbacks may take to arrive once all is well again."""


@dataclass(slots=True)
class Report:
    """What was seen."""

    calls: int = 0
    kills: int = 0
    callbacks: int = 0
    repeats: int = 0
    memory_mb: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def text(self) -> str:
        first, last = (self.memory_mb or [0.0])[0], (self.memory_mb or [0.0])[-1]
        lines = [
            f"{self.calls} calls, {self.kills} workers killed",
            f"{self.callbacks} callbacks, {self.repeats} repeats",
            f"memory of all workers: {first:.0f} MB after the start, {last:.0f} MB at the end",
            f"{len(self.faults)} faults",
        ]
        return "\n".join([*lines, *self.faults[:20]])


class Receiver:
    """Takes callbacks, or answers 503 while it is `down`."""

    def __init__(self) -> None:
        self.down = False
        self.taken: list[tuple[str, bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not receiver.down:
                    receiver.taken.append((self.headers["Idempotency-Key"], body))
                self.send_response(503 if receiver.down else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()


def run(plan: Plan, folder: Path) -> Report:
    """Carry the plan out and judge it."""
    report = Report()
    with ExitStack() as stack:
        receiver = Receiver()
        stack.callback(receiver.close)
        adapter = stack.enter_context(_adapter(plan, folder, receiver.url))
        switch = stack.enter_context(SimProcess(adapter=f"127.0.0.1:{adapter.port}"))
        client = stack.enter_context(switch.client())
        placed = _place_calls(plan, client, receiver, adapter, report)
        _judge_calls(plan, client, placed, report)
        _wait_for_callbacks(plan, folder, receiver, report)
    _judge_callbacks(folder, receiver, report)
    return report


@dataclass(frozen=True, slots=True)
class Adapter:
    """The adapter under test."""

    process: subprocess.Popen[str]
    port: int

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory_mb(self) -> float:
        pages = 0
        for pid in self.workers():
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def _adapter(plan: Plan, folder: Path, status_url: str) -> Iterator[Adapter]:
    steps: list[Any] = [
        "answer",
        {"record_call": {"stereo": True, "status_url": status_url}},
        {"sleep": round(plan.call_seconds * 1000)},
        "stop_record_call",
    ]
    document = folder / "soak.yaml"
    document.write_text(yaml.safe_dump({"sections": {"main": steps}}))
    settings = {
        "listen": "127.0.0.1:0",
        "http": "127.0.0.1:0",
        "swml": str(document),
        "data_dir": str(folder / "data"),
        "recordings_dir": str(folder / "recordings"),
        "limits": {"calls": plan.calls * 2},
        "callbacks": {"first_retry": 0.5, "factor": 2, "max_retry": 5},
        "log": {"level": "warning"},
    }
    config = folder / "settings.yaml"
    config.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "adapter", "serve", "--config", str(config)]
    process = subprocess.Popen(
        [*command, "--workers", str(plan.workers)],
        stdout=subprocess.PIPE,
        stderr=(folder / "adapter.log").open("ab"),
        text=True,
    )
    try:
        ready = process.stdout.readline() if process.stdout else ""
        yield Adapter(process, int(ready.split("127.0.0.1:")[1].split(",")[0]))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _place_calls(
    plan: Plan, client: SimClient, receiver: Receiver, adapter: Adapter, report: Report
) -> list[str]:
    """Keep so many calls up for so long, killing and failing on time."""
    placed: list[str] = []
    up: dict[str, float] = {}
    began = time.monotonic()
    next_kill = plan.kill_every
    while (now := time.monotonic() - began) < plan.seconds or up:
        receiver.down = plan.receiver_down[0] <= now < plan.receiver_down[1]
        up = {uuid: at for uuid, at in up.items() if now - at < plan.call_seconds + 5}
        while len(up) < plan.calls and now < plan.seconds:
            uuid = client.call(to="2000", says={"tone": 300})
            placed.append(uuid)
            up[uuid] = now
        if now >= next_kill and now < plan.seconds:
            next_kill += plan.kill_every
            os.kill(adapter.workers()[report.kills % plan.workers], signal.SIGKILL)
            report.kills += 1
        if now > plan.call_seconds or not report.memory_mb:
            report.memory_mb.append(adapter.memory_mb())
        time.sleep(0.1)
    receiver.down = False
    report.calls = len(placed)
    return placed


def _judge_calls(plan: Plan, client: SimClient, placed: list[str], report: Report) -> None:
    for uuid in placed:
        facts = client.wait(uuid, plan.call_seconds + 30)
        if not facts["ended"] or facts["seconds"] < plan.call_seconds:
            report.faults.append(f"call {uuid} ended after {facts['seconds']} s")


def _wait_for_callbacks(plan: Plan, folder: Path, receiver: Receiver, report: Report) -> None:
    """Until every recording has been called back twice, or time is up."""
    until = time.monotonic() + plan.settle
    while time.monotonic() < until:
        if len({key for key, _ in list(receiver.taken)}) >= 2 * report.calls:
            return
        time.sleep(0.2)


def _judge_callbacks(folder: Path, receiver: Receiver, report: Report) -> None:
    states = _told_states(receiver, report)
    store = Store.open(f"sqlite:///{folder / 'data' / 'adapter.db'}")
    rows = store.recordings(RecordingFilter(), limit=1_000_000)
    store.close()
    if len(rows) != report.calls:
        report.faults.append(f"{len(rows)} recordings of {report.calls} calls")
    for row in rows:
        if row.state not in FINAL:
            report.faults.append(f"recording {row.id} is still {row.state}")
        elif not (folder / "recordings" / row.path).exists():
            report.faults.append(f"recording {row.id} has no file")
        if states[row.control_id] != ["recording", "finished"]:
            report.faults.append(f"recording {row.id} was told as {states[row.control_id]}")


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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=int, default=500)
    options.add_argument("--seconds", type=float, default=600)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Plan(calls=chosen.calls, seconds=chosen.seconds), Path(folder))
    print(report.text())
    sys.exit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
