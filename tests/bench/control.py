"""Commands over HTTP: how many a second one core does, and how long one takes under load.

    python tests/bench/control.py

First as fast as they go, against idle calls of a switch that takes no time: the adapter's CPU time
per command says how many a core can do. Then so many a second against calls that play and record
in real time: from the moment a command was due to its answer. Each command pauses a recording of
one of the calls, or lets it go on: a command to the switch, and a commit.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table
from servers import Server, adapter

from adapter.simswitch.client import SimProcess

LENGTH = re.compile(rb"Content-Length: (\d+)\r\n(?:[^\r\n]+\r\n)*\r\n", re.IGNORECASE)
PROJECT, TOKEN = "bench", "PT-of-the-bench"
IDLE = """\
sections:
  main:
    - record_call: {control_id: r}
    - sleep: -1
"""
BUSY = """\
sections:
  main:
    - record_call: {control_id: r, stereo: true}
    - play: ["silence:1", "ring:us", "silence:3600"]
"""


class Client:
    """One HTTP connection that is kept open."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        credentials = base64.b64encode(f"{PROJECT}:{TOKEN}".encode()).decode()
        self._head = (
            "POST /api/calling/calls HTTP/1.1\r\nHost: bench\r\n"
            f"Authorization: Basic {credentials}\r\nContent-Type: application/json\r\n"
        )

    def begin(self, call_id: str) -> None:
        """Wait until a call is recorded."""
        while True:
            try:
                self.command("calling.record.resume", call_id)
            except RuntimeError:
                time.sleep(0.02)
            else:
                return

    def command(self, name: str, call_id: str) -> None:
        """Give a command to a recording; it must be done."""
        body = json.dumps({"command": name, "id": call_id, "params": {"control_id": "r"}})
        request = f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}"
        self._socket.sendall(request.encode())
        answer = self._read()
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode())

    def _read(self) -> bytes:
        answer = b""
        while not (found := LENGTH.search(answer)) or len(answer) < found.end() + int(found[1]):
            answer += self._socket.recv(65536)
        return answer


class Commands:
    """Pauses and resumes of many calls, in turn."""

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls
        self._numbers = count()

    def __next__(self) -> tuple[str, str]:
        turn, number = divmod(next(self._numbers), len(self._calls))
        return f"calling.record.{'resume' if turn % 2 else 'pause'}", self._calls[number]


def as_fast_as_it_goes(server: Server, calls: list[str], commands: int) -> tuple[float, float]:
    """Commands a second, and the adapter's CPU milliseconds for each."""
    lanes = [Client(server.web) for _ in range(8)]
    turns = [Commands(calls[lane :: len(lanes)]) for lane in range(len(lanes))]

    def run(lane: int) -> None:
        for _ in range(commands // len(lanes)):
            lanes[lane].command(*next(turns[lane]))

    before, began = server.cpu_seconds(), time.perf_counter()
    at_once(run, len(lanes))
    seconds = time.perf_counter() - began
    return commands / seconds, (server.cpu_seconds() - before) / commands * 1000


def at_a_rate(server: Server, calls: list[str], rate: float, seconds: float) -> list[float]:
    """Milliseconds from when each command was due to its answer."""
    lanes, took = 8, []
    due = [time.perf_counter() + 0.2 + lane / rate for lane in range(lanes)]

    def run(lane: int) -> None:
        client, commands = Client(server.web), Commands(calls[lane::lanes])
        for number in range(int(rate * seconds / lanes)):
            moment = due[lane] + number * lanes / rate
            time.sleep(max(0.0, moment - time.perf_counter()))
            client.command(*next(commands))
            took.append((time.perf_counter() - moment) * 1000)

    at_once(run, lanes)
    return took


def at_once(run: Callable[[int], None], lanes: int) -> None:
    """Run every lane, each in its thread; what one raises is raised."""
    with ThreadPoolExecutor(lanes) as pool:
        for done in [pool.submit(run, lane) for lane in range(lanes)]:
            done.result()


def placed(stack: ExitStack, server: Server, calls: int, pace: str) -> list[str]:
    """Calls that have begun to record."""
    switch = stack.enter_context(SimProcess(adapter=server.address, pace=pace))
    client = stack.enter_context(switch.client())
    ids = [client.call(to="2000") for _ in range(calls)]
    web = Client(server.web)
    for call_id in ids:
        web.begin(call_id)
    return ids


def run(rounds: int = 3, calls: int = 200, rate: float = 300.0, seconds: float = 10.0) -> None:
    """Measure and print."""
    settings = {"projects": [{"id": PROJECT, "token": TOKEN}]}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        idle = stack.enter_context(adapter(folder, IDLE, settings))
        with ExitStack() as switches:
            ids = placed(switches, idle, calls, "flat")
            as_fast_as_it_goes(idle, ids, 400)
            fast = [as_fast_as_it_goes(idle, ids, 2000) for _ in range(rounds)]
        busy = stack.enter_context(adapter(folder, BUSY, settings))
        ids = placed(stack, busy, calls, "real")
        took = sorted(at_a_rate(busy, ids, rate, seconds))
    show(fast, took, f"{rate:.0f}/s against {calls} calls")


def show(rounds: list[tuple[float, float]], took: list[float], name: str) -> None:
    table = Table(title="commands over HTTP")
    table.add_column("")
    table.add_column("", justify="right")
    cpu = statistics.median(cpu for _, cpu in rounds)
    table.add_row("as fast as they go", f"{statistics.median(n for n, _ in rounds):.0f}/s")
    table.add_row("adapter's CPU a command", f"{cpu:.2f} ms")
    table.add_row("that is, on one core", f"{1000 / cpu:.0f}/s")
    for share in (0.5, 0.99, 1.0):
        value = took[min(len(took) - 1, int(share * len(took)))]
        table.add_row(f"{name}, {share:.0%} within", f"{value:.1f} ms")
    Console(width=100).print(table)


if __name__ == "__main__":
    run()
