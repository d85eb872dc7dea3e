"""`make bench`: the same call on the adapter and on a bare greenswitch application.

Between them stands that application on the adapter's event socket in place of greenswitch's. All
run against the simulated switch in flat-out mode (no ticks, sounds end at once), in turn, several
rounds; medians are printed, and the ratios, which hold where absolute figures do not.
CPU time is that of the server and of all processes that it started, from the kernel. Callbacks are
stored, not delivered: the adapter's receiver accepts connections and says nothing. Before a figure
counts, each call's recording must have been finished and both its callbacks stored.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import control
import language
import step
from rich.console import Console
from rich.table import Table
from servers import Server, adapter, free_port, running
from told import DATABASE

from adapter.simswitch.client import SimClient, SimProcess

HERE = Path(__file__).parent

DOCUMENT = """\
version: 1.0.0
sections:
  main:
    - answer
    - record_call: {{stereo: true, status_url: "{status_url}"}}
    - play: "ring:us"
    - stop_record_call
    - hangup
"""
IDLE_DOCUMENT = "sections: {main: [sleep: -1]}"

ADAPTER, LAYER, BARE = "adapter", "its event socket", "bare greenswitch"

APPLICATIONS = {LAYER: "layer.py", BARE: "bare.py"}

TAKEN_SECONDS = 120
"""Bare greenswitch takes some ten calls a second."""


@dataclass
class Round:
    """One server's figures for one round."""

    calls_per_second: float
    cpu_ms_per_call: float
    first_command_ms: float


def application(script: str, folder: Path, mode: str) -> AbstractContextManager[Server]:
    """One that is not the adapter, with its store in this folder."""
    port = free_port()
    folder.mkdir(parents=True)
    return running([sys.executable, str(HERE / script), str(port), str(folder), mode], port)


def drive(server: Server, calls: int, concurrency: int) -> Round:
    with SimProcess(adapter=server.address, pace="flat") as switch, switch.client() as client:
        client.load(calls=min(200, calls), concurrency=concurrency)
        before = server.cpu_seconds()
        result = client.load(calls=calls, concurrency=concurrency)
        spent = server.cpu_seconds() - before
    server.calls += min(200, calls) + calls
    if result["finished"] != calls:
        sys.exit(f"only {result['finished']} of {calls} calls ended by themselves: {result}")
    return Round(
        result["calls_per_second"], spent / calls * 1000, result["first_command_median_ms"]
    )


def check_adapter(folder: Path, calls: int) -> None:
    """A call that is quick because its recording failed must not count."""
    with closing(sqlite3.connect(next(folder.glob("*/adapter.db")))) as store:
        finished = "SELECT call_id FROM recordings WHERE state = 'finished' AND size > 0"
        told = "SELECT body FROM callbacks"
        recorded = Counter(call_id for (call_id,) in store.execute(finished))
        check(ADAPTER, calls, recorded, [json.loads(body) for (body,) in store.execute(told)])


def check_application(name: str, folder: Path, calls: int) -> None:
    """The same of the others."""
    with closing(sqlite3.connect(folder / DATABASE)) as store:
        told = [json.loads(body) for (body,) in store.execute("SELECT body FROM callbacks")]
    recorded = Counter(one["params"]["call_id"] for one in told if one["params"].get("size"))
    check(name, calls, recorded, told)


def check(name: str, calls: int, recorded: Counter[str], told: list[dict[str, Any]]) -> None:
    """Each call has one finished recording, and was told to record and to have finished."""
    states = Counter((one["params"]["call_id"], one["params"]["state"]) for one in told)
    wanted = Counter((call, state) for call in recorded for state in ("recording", "finished"))
    if len(recorded) != calls or set(recorded.values()) != {1} or states != wanted:
        sys.exit(f"{calls} calls on {name} left {len(recorded)} recordings, {len(told)} callbacks")


def idle_kb(server: Server, calls: int) -> float:
    with SimProcess(adapter=server.address, pace="flat") as switch, switch.client() as client:
        place_idle(server, client, 20)
        before = server.resident_kb()
        place_idle(server, client, calls)
        return (server.resident_kb() - before) / calls


def place_idle(server: Server, client: SimClient, calls: int) -> None:
    """Until the server has taken them all."""
    wanted = server.open_files() + calls
    for _ in range(calls):
        client.call(to="2000")
    end = time.monotonic() + TAKEN_SECONDS
    while server.open_files() < wanted:
        if time.monotonic() > end:
            sys.exit(f"{calls} idle calls were not taken within {TAKEN_SECONDS} s")
        time.sleep(0.05)
    client.api("status")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--calls", type=int, default=1000)
    options.add_argument("--concurrency", type=int, default=50)
    options.add_argument("--alone", type=int, default=50, help="calls one at a time")
    options.add_argument("--idle", type=int, default=500)
    chosen = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        status_url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        servers = {
            ADAPTER: stack.enter_context(adapter(folder, DOCUMENT.format(status_url=status_url)))
        }
        for name, script in APPLICATIONS.items():
            servers[name] = stack.enter_context(
                application(script, folder / script / "calls", "calls")
            )
        rounds: dict[str, list[Round]] = {name: [] for name in servers}
        alone: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(chosen.rounds):
            for name, server in servers.items():
                rounds[name].append(drive(server, chosen.calls, chosen.concurrency))
                alone[name].append(drive(server, chosen.alone, 1).first_command_ms)
        check_adapter(folder, servers[ADAPTER].calls)
        memory = {ADAPTER: measured_idle(adapter(folder, IDLE_DOCUMENT), chosen.idle)}
        for name, script in APPLICATIONS.items():
            check_application(name, folder / script / "calls", servers[name].calls)
            idle = application(script, folder / script / "idle", "idle")
            memory[name] = measured_idle(idle, chosen.idle)
    show(rounds, alone, memory, chosen)
    language.run(chosen.rounds)
    step.run()
    control.run(chosen.rounds)


def measured_idle(starting: AbstractContextManager[Server], calls: int) -> float:
    with starting as server:
        return idle_kb(server, calls)


def show(
    rounds: dict[str, list[Round]],
    alone: dict[str, list[float]],
    memory: dict[str, float],
    chosen: argparse.Namespace,
) -> None:
    """The table. The first command: of calls at once, which wait for each other, and of one."""
    table = Table(
        title=f"{chosen.concurrency} calls at once, medians of {chosen.rounds} rounds, "
        f"{os.cpu_count()} cores"
    )
    titles = ("calls/s", "CPU ms per call", "first command ms", "of one call", "KB per idle call")
    for title in ("", *titles):
        table.add_column(title, justify="right" if title else "left")
    medians = {}
    for name, measured in rounds.items():
        values = [
            statistics.median(getattr(one, field) for one in measured)
            for field in ("calls_per_second", "cpu_ms_per_call", "first_command_ms")
        ]
        medians[name] = values
        values.append(statistics.median(alone[name]))
        table.add_row(name, *(f"{value:.2f}" for value in values), f"{memory[name]:.0f}")
    for name in (ADAPTER, LAYER):
        ours, theirs = medians[name], medians[BARE]
        table.add_row(
            f"{name}, ratio",
            f"{ours[0] / theirs[0]:.1f} x",
            f"{theirs[1] / ours[1]:.1f} x less",
            "",
            "",
            f"{memory[BARE] / memory[name]:.1f} x less",
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
