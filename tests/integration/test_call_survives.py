"""The adapter dies in the middle of a call: the call goes on, and nothing is lost or doubled."""

from datetime import datetime
from typing import Any

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play, record, sleep, stop
from worlds.switches import OTHER
from worlds.waiting import eventually
from worlds.world import World, documents_by_number


def start_adapter(world: World, **settings: object) -> AdapterProcess:
    return world.start_adapter({"swml": documents_by_number(world.receiver), **settings})


def test_a_killed_adapter_goes_on_where_the_call_stood(world: World) -> None:
    adapter = start_adapter(world)
    inbox, report = world.inbox(), world.report()
    phone = world.call(
        [
            *SETTLED,
            {"set": {"who": "me"}},
            record(inbox, "whole", stereo=True),
            record(inbox, "timed", direction="speak", max_length=4),
            record(inbox, "pressed", direction="speak", terminators="#"),
            report.step("before"),
            sleep(3),
            stop("whole"),
            report.step("after"),
            sleep(2),
        ],
        says=tone(440),
        adapter=adapter,
    )
    before = report.wait("before")
    adapter.kill()
    adapter.start()
    eventually(lambda: world.took_up(adapter), within=15, what="the call's resumption")
    phone.press("#")
    after = report.wait("after", within=15)
    phone.wait_ended()
    assert after["who"] == "me"
    assert after["record_call_url"] == before["record_call_url"]
    timed = inbox.wait_ended("timed")
    # Nobody can end it while the adapter is away, but the switch's own limit two seconds later.
    away = took_up_recording(world, adapter, "timed") - timed["start_time"]
    # A busy machine's phone sends less; ended at the resumption it would be much shorter.
    assert 3.3 < timed["duration"] < max(4, min(away, 6)) + 0.3
    assert inbox.wait_ended("pressed")["state"] == "finished"
    whole = inbox.wait_ended("whole")
    assert_no_gap(world, whole)
    for name in ("whole", "timed", "pressed"):
        assert inbox.states(name) == ["recording", "finished"], name
    assert len({event["event_channel"] for event in inbox.events}) == 1


def assert_no_gap(world: World, finished: dict[str, Any]) -> None:
    """The caller's tone lasts as long as the recording."""
    audio = world.listen_to(finished)
    assert audio.seconds_with(440) > audio.seconds - 0.15


def took_up_recording(world: World, adapter: AdapterProcess, control_id: str) -> float:
    """When the adapter went on with a recording, in Unix seconds."""
    (event,) = [
        event
        for event in world.log_events(adapter)
        if event["event"] == "recording taken up again" and event["control_id"] == control_id
    ]
    return datetime.fromisoformat(event["timestamp"]).timestamp()


@pytest.mark.parametrize("step", range(4))
def test_killed_at_every_step(world: World, step: int) -> None:
    adapter = start_adapter(world)
    inbox, report = world.inbox(), world.report()
    heard = [world.sound(tone(hz, seconds=0.6)) for hz in (500, 700)]
    steps = [
        *SETTLED,
        record(inbox, "first", direction="listen"),
        report.step("0"),
        play(heard[0]),
        report.step("1"),
        record(inbox, "second", direction="listen"),
        report.step("2"),
        play(heard[1]),
        report.step("3"),
        sleep(0.5),
        stop("first"),
        sleep(0.3),
    ]
    phone = world.call(steps, says=tone(440), adapter=adapter)
    report.wait(str(step))
    adapter.kill()
    adapter.start()
    phone.wait_ended()
    for name in ("first", "second"):
        assert inbox.wait_ended(name)["state"] == "finished", name
        assert inbox.states(name) == ["recording", "finished"], name
    first = world.listen_to(inbox.wait_ended("first"))
    for number, hz in enumerate((500, 700)):
        assert len(report.hits(str(number))) >= 1
        # A sound that was playing starts again; one that had ended is not heard twice.
        assert first.seconds_of(hz) >= 0.55, hz
        assert first.seconds_of(hz) <= (1.3 if number == step - 1 else 0.7), hz


def test_an_adapter_that_is_away_for_ten_seconds_loses_no_call(world: World) -> None:
    adapter = start_adapter(world)
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), STAY], says=tone(440), adapter=adapter)
    inbox.wait_for("recording")
    adapter.kill()
    with pytest.raises(AssertionError):
        eventually(lambda: phone.ended, within=10)
    adapter.start()
    eventually(lambda: world.took_up(adapter), within=15, what="the call's resumption")
    phone.hang_up()
    finished = inbox.wait_for("finished")
    assert finished["duration"] > 10
    assert_no_gap(world, finished)


def test_a_call_that_ends_without_us_is_told_of_later(world: World) -> None:
    adapter = start_adapter(world, nodes=[world.switch.sockets[OTHER].node])
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox), STAY], says=tone(440), adapter=adapter)
    inbox.wait_for("recording")
    adapter.kill()
    phone.hang_up()
    phone.wait_ended()
    adapter.start()
    finished = inbox.wait_for("finished", within=20)
    assert "truncated" not in finished["record"]
    world.listen_to(finished)


def test_a_killed_worker_is_replaced_and_its_calls_go_on(world: World) -> None:
    adapter = world.start_adapter(
        {"swml": documents_by_number(world.receiver)}, arguments=["--workers", "2"]
    )
    inbox = world.inbox()
    phones = [
        world.call(
            [*SETTLED, record(inbox, f"call-{n}"), sleep(3)], says=tone(440), adapter=adapter
        )
        for n in range(4)
    ]
    for n in range(4):
        inbox.wait_for("recording", control_id=f"call-{n}")
    adapter.kill_worker()
    for n, phone in enumerate(phones):
        phone.wait_ended()
        finished = inbox.wait_for("finished", control_id=f"call-{n}", within=15)
        assert finished["duration"] >= 2.9
        assert inbox.states(f"call-{n}") == ["recording", "finished"]
