"""Disks that are full or read-only: each recording says so, and the call goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from worlds.small_disk import SmallDisk, small_disk
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, record, sleep, stop
from worlds.switches import OTHER
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, http_get


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as mounted:
        yield mounted


def count(url: str, metric: str) -> float:
    """A value of the adapter's metrics."""
    lines = http_get(f"{url}/metrics").body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(metric + " "))


def test_each_fault_of_a_disk_has_its_reason_and_the_call_goes_on(
    world: World, disk: SmallDisk
) -> None:
    adapter = world.start_adapter(
        {"swml": documents_by_number(world.receiver), "recordings_dir": str(disk.folder)}
    )
    inbox, report = world.inbox(), world.report()
    long = world.call(
        [*SETTLED, record(inbox, "long"), sleep(6), stop("long"), report.step("long"), STAY],
        says=tone(440),
        adapter=adapter,
    )
    short = world.call(
        [*SETTLED, record(inbox, "short"), sleep(1.5), stop("short"), report.step("short"), STAY],
        says=tone(440),
        adapter=adapter,
    )
    for name in ("long", "short"):
        inbox.wait_for("recording", control_id=name)
    disk.fill()
    # The switch itself reports a success here, with 4 kB of 24.
    assert inbox.wait_ended("short", within=15)["error"]["code"] == "write_failed"
    late = world.call([*SETTLED, record(inbox, "late"), report.step("late"), STAY], adapter=adapter)
    assert inbox.wait_ended("late")["error"]["code"] == "disk_full"
    assert inbox.wait_ended("long", within=15)["error"]["code"] == "write_failed"
    disk.free()
    again = world.run([*SETTLED, record(inbox, "again"), sleep(0.5)], adapter=adapter)
    assert again.ended
    kept = inbox.wait_ended("again")
    assert kept["state"] == "finished"
    world.listen_to(kept)  # it comes from another mount than the rest of the adapter's data
    for name, phone in {"long": long, "short": short, "late": late}.items():
        report.wait(name)
        assert not phone.ended, name
        phone.hang_up()
    eventually(lambda: world.switch.channels() == 0)
    assert inbox.states("long") == inbox.states("short") == ["recording", "error"]
    assert inbox.states("late") == ["error"]
    for code, wanted in {"disk_full": 1, "write_failed": 2}.items():
        assert count(adapter.url, f'swml_recording_errors_total{{code="{code}"}}') == wanted


def test_a_disk_that_is_mounted_read_only(world: World, disk: SmallDisk) -> None:
    """In mid-life, and at a start: the adapter may have been killed in that moment."""
    adapter = world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "recordings_dir": str(disk.folder),
            "data_dir": str(world.folder / "data"),
        }
    )
    disk.write_protect()
    inbox, report = world.inbox(), world.report()
    for name in ("running", "restarted"):
        if name == "restarted":
            adapter.kill()
            adapter.start()
        world.run([*SETTLED, record(inbox, name), report.step(name)], adapter=adapter)
        report.wait(name)
        assert inbox.wait_ended(name)["error"]["code"] == "disk_read_only"
        assert inbox.states(name) == ["error"]
    told = [event for event in world.log_events(adapter) if event["level"] == "error"]
    assert {event["event"] for event in told} >= {"recordings cannot be made at present"}


def test_an_adapter_starts_on_a_full_disk(world: World, disk: SmallDisk) -> None:
    """It may have been killed in that moment: its calls need it."""
    disk.fill()
    adapter = world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "recordings_dir": str(disk.folder),
            "nodes": [world.switch.sockets[OTHER].node],
        }
    )
    told = [event["event"] for event in world.log_events(adapter)]
    assert "recordings cannot be made at present" in told
    inbox, report = world.inbox(), world.report()
    world.run([*SETTLED, record(inbox), report.step()], adapter=adapter)
    report.wait()
    assert inbox.wait_ended()["error"]["code"] == "disk_full"
    disk.free()
    world.run([*SETTLED, record(inbox, "later"), sleep(0.3)], adapter=adapter)
    assert inbox.wait_ended("later")["state"] == "finished"
