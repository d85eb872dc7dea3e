"""A switch that says nothing for a while: what was asked of it is not lost, and not done late."""

from typing import Any

from worlds.adapter_process import AdapterProcess
from worlds.steps import SETTLED, STAY, record, sleep, stop
from worlds.switches import OTHER
from worlds.waiting import eventually
from worlds.world import World, documents_by_number, http_get

PAUSE = sleep(0.8)
"""Time to freeze the switch before the next step: the adapter counts it, not the switch."""


def start_adapter(world: World, **settings: Any) -> AdapterProcess:
    return world.start_adapter({"swml": documents_by_number(world.receiver), **settings})


def test_a_recording_that_the_switch_does_not_answer_is_an_error_and_not_begun_later(
    world: World,
) -> None:
    adapter = start_adapter(world, deadlines={"command": 1, "drain": 4})
    inbox, report = world.inbox(), world.report()
    steps = [*SETTLED, report.step("ready"), PAUSE, record(inbox), report.step("after"), STAY]
    phone = world.call(steps, adapter=adapter)
    call_id = report.wait_hit("ready").json["call"]["call_id"]
    with world.switch.frozen(OTHER):
        assert inbox.wait_ended()["error"]["code"] == "no_answer"
        assert report.wait("after")["record_call_result"] == "failed"
    eventually(lambda: "uuid_record" not in world.switch.api(f"uuid_buglist {call_id}", OTHER))
    assert not phone.ended
    counted = http_get(f"{adapter.url}/metrics").body.decode()
    assert 'swml_recording_errors_total{code="no_answer"} 1.0' in counted
    assert inbox.states() == ["error"]


def test_a_stop_that_was_on_its_way_when_the_adapter_died(world: World) -> None:
    adapter = start_adapter(world)
    inbox, report = world.inbox(), world.report()
    steps = [
        *SETTLED,
        record(inbox, "r"),
        report.step("ready"),
        PAUSE,
        stop("r"),
        report.step("after"),
        STAY,
    ]
    phone = world.call(steps, adapter=adapter)
    report.wait("ready")
    with world.switch.frozen(OTHER):
        eventually(lambda: asked_to_stop(world, adapter), what="the stop on its way")
        adapter.kill()
    adapter.start()
    finished = inbox.wait_for("finished", within=15)
    assert report.wait("after", within=15)["stop_record_call_result"] == "success"
    assert inbox.states() == ["recording", "finished"]
    assert not phone.ended
    assert world.listen_to(finished).seconds < 3, "it ended with the stop, not with the call"


def asked_to_stop(world: World, adapter: AdapterProcess) -> bool:
    commands = [str(e["commands"]) for e in world.log_events(adapter) if "commands" in e]
    return any("uuid_record" in each and " stop " in each for each in commands)
