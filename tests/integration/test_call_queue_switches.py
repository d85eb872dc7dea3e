"""One queue on two switches: who waits on one is taken by a call of the other, in order.

Two real ones; the simulated switch calls no other switch.
"""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.own_switch import OwnSwitch
from worlds.phones import Phone
from worlds.real_switch import find_binary
from worlds.receiver import Inbox, Report
from worlds.sounds import tone
from worlds.stages import NO_REAL_SWITCH
from worlds.steps import SETTLED, STAY, record, sleep, stop
from worlds.switches import OTHER
from worlds.waiting import eventually
from worlds.world import Stage, World, documents_by_number, project

pytestmark = pytest.mark.real

FAR = "freeswitch-far"


class TwoSwitches:
    """A second switch beside a world's own, each with its adapter, and one database for both."""

    def __init__(self, world: World, folder: Path, binary: Path) -> None:
        self.world = world
        self.switch = OwnSwitch(folder / "far", binary, name=FAR)
        near = int(world.switch.uri("x", OTHER).rpartition(":")[2])
        settings = {
            "swml": documents_by_number(world.receiver),
            "projects": [project()],
            "database_url": f"sqlite:///{folder}/both.db",
            "recordings_dir": str(folder / "recordings"),
            "switches": [
                {"name": "freeswitch-tests", "address": f"127.0.0.1:{near}"},
                {"name": FAR, "address": f"127.0.0.1:{self.switch.sip_port}"},
            ],
        }
        self.near = world.start_adapter(settings)
        self.far = AdapterProcess(folder / "far-adapter", self.switch.adapter_port, settings)
        self.far.start()
        self.alive = True

    def call(self, steps: list[Any], *, far: bool, **details: Any) -> Phone:
        """A phone's call to the far switch, or to the near one."""
        place = {"port": self.switch.sip_port} if far else {}
        return self.world.call(steps, adapter=self.near, **place, **details)

    def waiting(self, name: str, *, far: bool, **details: Any) -> tuple[Phone, Inbox, Report]:
        """A caller who is in the queue."""
        inbox, report = self.world.inbox(), self.world.report()
        enter = {"queue_name": name, "status_url": inbox.url, **details.pop("parameters", {})}
        steps = [*details.pop("before", []), {"enter_queue": enter}, report.step()]
        phone = self.call([*steps, STAY], far=far, **details)
        eventually(lambda: told(inbox)[:1] == ["enqueue"], what="the place in the queue")
        return phone, inbox, report

    def kill_far(self) -> None:
        """The far switch is gone, as if its machine were."""
        self.switch.kill()
        self.alive = False

    def leave(self) -> None:
        """Nothing may remain on either switch."""
        self.world.leave()
        try:
            if self.alive:
                eventually(
                    lambda: json.loads(self.switch.api("show channels as json"))["row_count"] == 0,
                    what="the end of the far calls",
                )
        finally:
            self.far.stop()
            if self.alive:
                self.switch.stop()
        assert "Traceback" not in self.far.log()


@pytest.fixture
def both(real_stage: Stage, tmp_path: Path) -> Iterator[TwoSwitches]:
    binary = find_binary()
    if binary is None:
        pytest.skip(NO_REAL_SWITCH)
    made = TwoSwitches(World(real_stage, tmp_path / "world"), tmp_path, binary)
    yield made
    made.leave()


def take(name: str, inbox: Inbox | None = None, **parameters: Any) -> dict[str, Any]:
    told = {"status_url": inbox.url} if inbox else {}
    return {"connect": {"to": f"queue:{name}", **told, **parameters}}


def told(inbox: Inbox, key: str = "status") -> list[str]:
    return [event["params"][key] for event in inbox.events]


def wait_told(inbox: Inbox, *statuses: str, key: str = "status") -> None:
    eventually(lambda: told(inbox, key) == list(statuses), within=15, what=f"{statuses}")


TALK = ("connecting", "connected", "disconnected")


def test_one_queue_on_two_switches(both: TwoSwitches) -> None:
    """In the order of their waiting, whichever of both switches they are on."""
    world, name = both.world, both.world.new_number("queue")
    told_to, report = world.inbox(), world.report()
    after = world.report()
    document = world.write_document("afterwards", [after.step(), sleep(0.1)])
    recorded = record(told_to, "agent", stereo=True)
    first, inbox, _ = both.waiting(
        name,
        far=True,
        says=tone(520),
        before=[*SETTLED, record(told_to, "caller", stereo=True)],
        parameters={"transfer_after_bridge": document},
    )
    second, others, left = both.waiting(name, far=False, says=tone(620))
    third, thirds, _ = both.waiting(name, far=True, says=tone(720))
    assert [one.events[0]["params"]["position"] for one in (inbox, others, thirds)] == [1, 2, 3]

    connected = world.inbox()
    agent = both.call(
        [
            *SETTLED,
            recorded,
            take(name, connected, max_duration=3),
            stop("agent"),
            report.step("one"),
            STAY,
        ],
        far=False,
        says=tone(1500),
    )
    first.wait_heard(1500, seconds=1)
    agent.wait_heard(520, seconds=1)
    assert second.hear().seconds_with(1500) == third.hear().seconds_with(1500) == 0
    assert agent.hear().seconds_with(620) == agent.hear().seconds_with(720) == 0
    intruders = [room_number(both), f"queue-{uuid.uuid4()}"]
    refused = [world.call(to=number, port=both.switch.sip_port) for number in intruders]
    assert after.wait()["queue_result"] == "connected", "`transfer_after_bridge`"
    assert report.wait("one")["connect_result"] == "connected"
    wait_told(inbox, "enqueue", "dequeue")
    wait_told(connected, *TALK, key="connect_state")
    peer, entered = connected.events[1]["params"]["peer"], inbox.events[0]["params"]
    assert (peer["call_id"], peer["node_id"]) == (entered["call_id"], FAR)
    assert connected.events[2]["params"]["ended_by"] == "limit"
    for phone in refused:
        phone.wait_ended()
        assert not phone.answered
        assert phone.hear().seconds_with(520) == phone.hear().seconds_with(1500) == 0
    agent.hang_up()
    for control_id, other in (("caller", 1500), ("agent", 520)):
        audio = world.listen_to(told_to.wait_ended(control_id))
        assert audio.seconds_of(other, channel=1) > 1.5, control_id

    wait_told(others, "enqueue")
    agent = both.call([take(name, told_to), report.step("two"), take(name), STAY], far=True)
    agent.wait_heard(620, seconds=0.5)
    agent.hang_up()
    assert left.wait()["queue_result"] == "connected"
    wait_told(others, "enqueue", "dequeue")
    agent = both.call([take(name), report.step("three"), STAY], far=False, says=tone(1500))
    third.wait_heard(1500, seconds=0.5)
    third.hang_up()
    assert report.wait("three")["connect_result"] == "connected"
    wait_told(thirds, "enqueue", "dequeue")

    the_far_switch_is_gone(both)


def the_far_switch_is_gone(both: TwoSwitches) -> None:
    """Nobody is left with it, and who waits here is taken in place of who waits there."""
    world, name = both.world, both.world.new_number("queue")
    connected, report, later = world.inbox(), world.report(), world.report()
    talks, _, _ = both.waiting(name, far=True, says=tone(520))
    agent = both.call([take(name, connected), report.step(), STAY], far=False, says=tone(1500))
    talks.wait_heard(1500, seconds=0.3)
    both.near.kill()
    heard = talks.hear().seconds_with(1500)
    both.near.start()
    eventually(lambda: talks.hear().seconds_with(1500) > heard + 0.5, what="the talk")
    _, far, _ = both.waiting(name, far=True)
    _, near, _ = both.waiting(name, far=False, says=tone(620))
    both.kill_far()
    other = both.call([take(name), later.step(), STAY], far=False)
    other.wait_heard(620, seconds=0.3)
    wait_told(near, "enqueue", "dequeue")
    assert told(far) == ["enqueue"], "it would wait on, if its switch came back"
    assert report.wait(within=20)["connect_result"] == "connected"
    wait_told(connected, *TALK, key="connect_state")
    assert not agent.ended


def room_number(both: TwoSwitches) -> str:
    """What was called to come into the room of those who talk."""

    def look() -> str | None:
        fields = both.switch.api("show channels").replace("\n", ",").split(",")
        return next((field for field in fields if field.startswith("queue-")), None)

    return eventually(look, what="the call between the switches")
