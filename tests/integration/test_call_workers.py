"""Several worker processes are one adapter: to the switch, to Prometheus, to who asks for it."""

import json
import os
import signal
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

from worlds.adapter_process import AdapterProcess
from worlds.phones import Phone
from worlds.steps import SETTLED, STAY, record
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, http_get

SCRAPES = 8
"""Enough to reach both workers."""


def start(world: World, limits: dict[str, int] | None = None) -> AdapterProcess:
    settings = {"swml": documents_by_number(world.receiver), "deadlines": {"drain": 8}}
    return world.start_adapter(settings | {"limits": limits or {}}, arguments=["--workers", "2"])


def count(adapter: AdapterProcess, metric: str) -> float:
    """A value of the adapter's metrics; absent ones are 0."""
    return counted(http_get(f"{adapter.url}/metrics").body, metric)


def counted(page: bytes, metric: str) -> float:
    lines = page.decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(metric + " "))


def count_of_one_worker(connection: HTTPConnection, metric: str) -> float:
    """The same, asked of the worker that has this connection."""
    connection.request("GET", "/metrics")
    return counted(connection.getresponse().read(), metric)


def test_one_endpoint_tells_the_numbers_of_all_workers(world: World) -> None:
    adapter = start(world)
    inbox = world.inbox()
    phones = [
        world.call([*SETTLED, record(inbox, f"r{n}"), STAY], adapter=adapter) for n in range(4)
    ]
    for n in range(4):
        inbox.wait_for("recording", control_id=f"r{n}")
    recording = 'swml_recordings_total{state="recording"}'
    with closing(HTTPConnection(adapter.url.removeprefix("http://"))) as connection:
        eventually(
            lambda: count_of_one_worker(connection, recording) == 4,
            what="what the others count, though nobody asks them",
        )
    eventually(
        lambda: [count(adapter, recording) for _ in range(SCRAPES)] == [4.0] * SCRAPES,
        what="the same number from every worker",
    )
    assert count(adapter, "swml_calls_active") == 4
    eventually(lambda: count(adapter, "swml_recordings_active") == 4)
    os.kill(_worker_with_calls(adapter), signal.SIGKILL)
    eventually(lambda: world.took_up(adapter), within=15)
    assert count(adapter, recording) >= 4, "what a dead worker has counted is still counted"
    eventually(lambda: count(adapter, "swml_calls_active") == 4, within=15)
    for phone in phones:
        phone.hang_up()
    ended = 'swml_calls_total{result="hangup"}'
    eventually(lambda: count(adapter, ended) == 4)
    eventually(lambda: count(adapter, 'swml_recordings_total{state="finished"}') == 4)


def test_a_limit_is_one_for_all_workers(world: World) -> None:
    adapter = start(world, {"calls_per_peer": 2})
    report = world.report()

    def call(name: str) -> Phone:
        return world.call([*SETTLED, report.step(name), STAY], adapter=adapter)

    first, _ = call("0"), call("1")
    report.wait("0")
    report.wait("1")
    assert_refused(world, [call(f"too many {n}") for n in range(3)])
    os.kill(_worker_with_calls(adapter), signal.SIGKILL)
    eventually(lambda: world.took_up(adapter), within=15)
    eventually(lambda: count(adapter, "swml_calls_active") == 2, within=15)
    assert_refused(world, [call("too many still")])
    first.hang_up()
    eventually(lambda: count(adapter, "swml_calls_active") == 1)
    call("instead")
    report.wait("instead")
    assert count(adapter, 'swml_calls_total{result="refused"}') == 4


def test_all_calls_are_counted_together_whichever_worker_has_them(world: World) -> None:
    adapter = start(world, {"calls": 2})
    report, inbox = world.report(), world.inbox()

    def call(name: str) -> Phone:
        steps = [*SETTLED, record(inbox, name), report.step(name), STAY]
        return world.call(steps, adapter=adapter)

    first, second = call("first"), call("second")
    for name in ("first", "second"):
        report.wait(name, within=20)
    third = call("third")
    refused = 'swml_calls_total{result="refused"}'
    eventually(
        lambda: count(adapter, refused) >= 2, within=20, what="a refusal by each of two hosts"
    )
    assert not report.hits("third")
    told = [each for each in world.log_events(adapter) if each["level"] == "error"]
    assert {each["event"] for each in told} == {"call refused, limits.calls is reached"}
    first.hang_up()
    report.wait("third", within=20)  # the dialplan has offered it again and again
    assert not second.ended
    eventually(lambda: count(adapter, "swml_calls_active") == 2, within=20)
    third.hang_up()
    second.hang_up()
    for name in ("first", "second", "third"):
        inbox.wait_for("finished", control_id=name, within=20)


def assert_refused(world: World, phones: list[Phone]) -> None:
    for phone in phones:
        ending = world.switch.wait_ending(phone.number)
        assert ending["Hangup-Cause"] == "NORMAL_CIRCUIT_CONGESTION"


def test_ready_speaks_for_all_workers(world: World) -> None:
    adapter = start(world)
    inbox = world.inbox()
    world.call([*SETTLED, record(inbox), STAY], adapter=adapter)
    inbox.wait_for("recording")
    assert http_get(f"{adapter.url}/ready").status == 200
    busy = _worker_with_calls(adapter)
    os.kill(busy, signal.SIGTERM)
    answers = [_ready(adapter) for _ in range(SCRAPES)]
    eventually(lambda: _ready(adapter) == ["the adapter is stopping"], what=str(answers))
    assert all(_ready(adapter) == ["the adapter is stopping"] for _ in range(SCRAPES))


def _ready(adapter: AdapterProcess) -> list[str]:
    reasons: list[str] = json.loads(http_get(f"{adapter.url}/ready").body)["reasons"]
    return reasons


def _worker_with_calls(adapter: AdapterProcess) -> int:
    """One that has a call: a connection of the switch is open."""
    for pid in adapter.worker_pids():
        if _connections(pid, adapter.port):
            return pid
    raise AssertionError("no worker has a call")


def _connections(pid: int, port: int) -> int:
    """Established connections of a process whose own port this is."""
    own = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            own.add(os.readlink(link))  # noqa: PTH115
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(
        row[3] == "01" and int(row[1].partition(":")[2], 16) == port and f"socket:[{row[9]}]" in own
        for row in rows
    )
