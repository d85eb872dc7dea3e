"""The store cannot be written: /ready says why, calls go on, and what is to be told is told later.

On the simulated switch alone: the switch has no part in it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgresql import Cluster
from worlds.adapter_process import AdapterProcess
from worlds.ports import find_ports
from worlds.receiver import Hit, Inbox
from worlds.small_disk import SmallDisk, small_disk
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record, sleep, stop
from worlds.waiting import eventually
from worlds.world import Stage, World, documents_by_number, http_get, project

KILOBYTES = 2000
"""Room for a database of some calls."""

AGAIN = 20.0
"""Seconds for what comes once the store is well."""


@pytest.fixture
def stage(sim_stage: Stage) -> Stage:
    return sim_stage


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", KILOBYTES) as mounted:
        yield mounted


@contextmanager
def locked(database: Path) -> Iterator[None]:
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


@contextmanager
def full(disk: SmallDisk) -> Iterator[None]:
    disk.fill()
    yield
    disk.free()


def damage(database: Path, table: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        find = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        ((page,),) = connection.execute(find, (table,)).fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    connection.close()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def reasons(adapter: AdapterProcess) -> str:
    """Why it is not ready; nothing when it is."""
    reply = http_get(f"{adapter.url}/ready")
    told: list[str] = json.loads(reply.body)["reasons"]
    assert reply.status == (503 if told else 200)
    return "; ".join(told)


def call_meanwhile(world: World, adapter: AdapterProcess, inbox: Inbox, name: str) -> None:
    """A whole call with a recording, of which nothing can be told yet."""
    report = world.report()
    steps = [*SETTLED, record(inbox, name), sleep(0.3), stop(name), report.step()]
    world.call(steps, adapter=adapter).wait_ended(within=AGAIN)
    assert report.wait()["stop_record_call_result"] == "success", name
    assert inbox.states(name) == [], "nothing is told that is not stored"


def test_a_store_that_cannot_be_written_ends_no_call_and_loses_no_event(
    world: World, disk: SmallDisk
) -> None:
    adapter = world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "data_dir": str(disk.folder),
            "deadlines": {"drain": 4, "store": 0.5},
        }
    )
    database, inbox = disk.folder / "adapter.db", world.inbox()
    long = world.call([*SETTLED, record(inbox, "long"), STAY], adapter=adapter)
    inbox.wait_for("recording", control_id="long")
    eventually(lambda: reasons(adapter) == "", within=AGAIN, what="readiness")
    faults = {"locked": locked(database), "full": full(disk)}
    for name, fault in faults.items():
        with fault:
            eventually(lambda: "the store is broken" in reasons(adapter), what=name)
            call_meanwhile(world, adapter, inbox, name)
            assert "held in memory" in reasons(adapter)
            if name == "full":
                assert "disk is full" in reasons(adapter)
        inbox.wait_ended(name, within=AGAIN)
        assert inbox.states(name) == ["recording", "finished"]
        eventually(lambda: reasons(adapter) == "", within=AGAIN, what="readiness")
    assert not long.ended
    long.hang_up()
    inbox.wait_ended("long")
    assert inbox.states("long") == ["recording", "finished"]
    adapter.kill()
    damage(database, "recordings")  # what the start itself reads, it would not start with
    adapter.start()
    call_meanwhile(world, adapter, inbox, "damaged")
    assert "malformed" in reasons(adapter)
    assert "held in memory" in reasons(adapter)


def test_several_adapters_share_a_postgresql(
    world: World, tmp_path: Path, cluster: Cluster
) -> None:
    """One takes up what another had; each callback is sent by one of them."""
    shared = {
        "swml": documents_by_number(world.receiver),
        "database_url": cluster.emptied(),
        "recordings_dir": str(tmp_path / "recordings"),
        "projects": [project()],
    }
    first = world.start_adapter(shared)
    others = [
        AdapterProcess(tmp_path / f"other-{port}", port, shared)
        for port in (first.port, *find_ports(1))
    ]
    inbox, report = world.inbox(), world.report()
    steps = [*SETTLED, {"set": {"who": "me"}}, record(inbox), report.step("a"), sleep(2)]
    try:
        others[1].start()
        phone = world.call([*steps, report.step("b")], says=tone(440), adapter=first)
        report.wait("a")
        inbox.wait_for("recording")
        eventually(lambda: waits(others[1]) == 0, what="the outcome, which the other one sees")
        first.kill()
        others[0].start()
        after = report.wait("b", within=AGAIN)
        phone.wait_ended()
        finished = inbox.wait_ended()
        assert after["who"] == "me"
        assert [key(hit) for hit in inbox.hits] == list({key(hit): 0 for hit in inbox.hits})
        assert inbox.states() == ["recording", "finished"]
        assert world.listen_to(finished).seconds_of(440) > 2
        assert world.took_up(others[0])
    finally:
        for other in others:
            other.stop()


def waits(adapter: AdapterProcess) -> float:
    """How many callbacks wait, as this adapter sees it."""
    lines = http_get(f"{adapter.url}/metrics").body.decode().splitlines()
    return float(next(line for line in lines if line.startswith("swml_outbox_depth ")).split()[1])


def key(hit: Hit) -> str:
    return hit.headers["Idempotency-Key"]
