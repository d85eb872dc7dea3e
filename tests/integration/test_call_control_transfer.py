"""A running call gets another document, whatever it does at that moment."""

import json

import pytest
from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play, record
from worlds.waiting import eventually
from worlds.world import World, document

PLAYED = 600

BUSY = {
    "sleeps": lambda _: STAY,
    "plays": lambda world: play(world.sound(tone(PLAYED, seconds=20))),
    "asks": lambda _: {"prompt": {"play": ["silence:20"]}},
    "waits for digits": lambda _: {"prompt": {"play": ["silence:0.1"], "initial_timeout": 20}},
    "records": lambda _: {"record": {"initial_timeout": 0, "end_silence_timeout": 0}},
}


@pytest.mark.parametrize("busy", BUSY)
def test_another_document_takes_over_at_once(world: World, busy: str) -> None:
    started, report = world.inbox(), world.report()
    phone = world.call(
        [*SETTLED, record(started, "kept"), {"set": {"name": "value"}}, BUSY[busy](world)]
    )
    call_id = started.wait_for("recording")["call_id"]
    if busy == "plays":
        phone.wait_heard(PLAYED)
    swml = {"sections": {"main": [report.step(), {"hangup": {}}]}}
    rest = Rest(world.adapter.url)
    leg = rest.do("calling.transfer", call_id, dest=swml).body
    assert leg["id"] == call_id
    assert report.wait()["name"] == "value"
    phone.wait_ended()
    started.wait_for("finished")
    ended = rest.ask("calling.transfer", call_id, dest=swml)
    assert (ended.status, *ended.error) == (422, "cannot_update_completed", None)


def test_a_document_for_a_bridged_call_is_told_of_its_peer(world: World) -> None:
    legs, report = world.inbox(), world.report()
    bob = world.somebody(says=tone(500))
    connect = {
        "to": bob.uri,
        "call_state_url": legs.url,
        "call_state_events": ["answered", "ended"],
    }
    phone = world.call([*SETTLED, {"connect": connect}])
    call = world.wait_fetch(phone.number).json["call"]
    phone.wait_heard(500, seconds=0.2)
    url = world.write_document("for-a-bridged-call", [report.step(), {"hangup": {}}])
    Rest(world.adapter.url).do("calling.transfer", call["call_id"], dest=url)
    fetched = world.receiver.hits_of("/documents/for-a-bridged-call")[0].json["call"]
    leg = eventually(lambda: legs.events and legs.events[0]["params"]["call_id"])
    assert fetched["peer"] == {"call_id": leg, "node_id": call["node_id"]}
    assert "peer" not in call
    assert "peer" not in report.wait_hit().json["call"], "the bridge is over by then"
    phone.wait_ended()


def test_a_document_comes_as_a_url_or_as_text(world: World) -> None:
    started, report = world.inbox(), world.report()
    phone = world.call([*SETTLED, record(started), STAY])
    call_id = started.wait_for("recording")["call_id"]
    rest = Rest(world.adapter.url)
    url = world.write_document("by-url", [report.step("url"), STAY])
    rest.do("update", id=call_id, url=f"{world.receiver.url}/nowhere", fallback_url=url)
    report.wait("url")
    rest.do("update", id=call_id, swml=document([report.step("yaml"), STAY]))
    report.wait("yaml")
    swml = json.dumps({"sections": {"main": [report.step("json"), STAY]}})
    rest.do("calling.transfer", call_id, dest=swml)
    report.wait("json")
    for params, error in (
        ({"swml": "{"}, ("invalid_parameter", "swml")),
        ({"swml": {"sections": {}}}, ("invalid_parameter", "swml")),
        ({"url": f"{world.receiver.url}/documents/none"}, ("invalid_parameter", "url")),
        ({"url": "file:///etc/passwd"}, ("invalid_parameter", "url")),
        ({"url": url, "swml": swml}, ("invalid_parameter", "swml")),
        ({}, ("missing_required_parameter", "url")),
        ({"status": "canceled"}, ("cannot_cancel_in_progress", "status")),
    ):
        answer = rest.ask("update", id=call_id, **params)
        assert (answer.status, *answer.error) == (422, *error), params
    assert not phone.ended
    inbox = world.inbox()
    rest.do("update", id=call_id, status_url=inbox.url)
    rest.do("update", id=call_id, status="completed")
    phone.wait_ended()
    eventually(lambda: len(inbox.events) == 1, what="the end at status_url")
    told = inbox.events[0]["params"]
    assert (told["call_id"], told["call_state"], told["end_reason"], told["direction"]) == (
        call_id,
        "ended",
        "hangup",
        "inbound",
    )
