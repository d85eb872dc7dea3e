"""sip_refer: who is referred, what came of it, and what the script learns."""

from typing import Any

import pytest
from worlds.receiver import Inbox
from worlds.sounds import tone
from worlds.steps import SETTLED, play, sleep
from worlds.waiting import eventually
from worlds.world import World


def refer(world: World, number: str, inbox: Inbox | None = None) -> dict[str, Any]:
    told = {"status_url": inbox.url} if inbox else {}
    return {"sip_refer": {"to_uri": world.switch.uri(number), **told}}


def test_a_phone_that_follows_is_gone(world: World) -> None:
    target, inbox, after, reached = (
        world.new_number("target"),
        world.inbox(),
        world.report(),
        world.report(),
    )
    world.write_document(target, [*SETTLED, reached.step(), sleep(0.5)])
    world.run([*SETTLED, refer(world, target, inbox), after.step()], says=tone(440))
    assert reached.wait_hit().json["call"]["to"].startswith(f"sip:{target}@")
    eventually(lambda: inbox.events)
    (event,) = inbox.events
    assert event["event_type"] == "calling.call.refer"
    params = event["params"]
    assert params["sip_refer_to"] == world.switch.uri(target)
    assert params["state"] == "success"
    assert params["sip_refer_response_code"] == "202"
    assert params.get("sip_notify_response_code", "200") == "200"


def test_a_phone_that_stays_is_told_of_and_the_script_goes_on(world: World) -> None:
    """It answers the REFER, tells twice how it goes, and does not hang up."""
    inbox, report = world.inbox(), world.report()
    step = refer(world, "target", inbox)
    steps = [{"answer": {}}, step, report.step(), play("silence:0.1")]
    phone = world.run(steps, refer="stay 200")
    assert phone.answered, "and a real one has found whom it is to call in the REFER"
    told = report.wait()
    assert told["sip_refer_result"] == told["return_value"] == "success"
    assert told["sip_refer_to"] == world.switch.uri("target")
    assert (told["sip_refer_response_code"], told["sip_refer_to_response_code"]) == ("202", "200")
    eventually(lambda: inbox.events)
    (event,) = inbox.events
    assert event["params"] == event["params"] | {
        "sip_refer_to": world.switch.uri("target"),
        "state": "success",
        "sip_refer_response_code": "202",
        "sip_notify_response_code": "200",
    }


def test_a_far_end_may_ask_who_refers(world: World) -> None:
    """A wrong password is refused, and the right one is in no log."""
    secret, report = "correct-horse", world.report()
    step = refer(world, "target")["sip_refer"]
    for password, result in ((secret, "success"), ("wrong-horse", "failed")):
        asked = {"sip_refer": {**step, "username": "carol", "password": password}}
        world.run(
            [{"answer": {}}, asked, report.step(result), play("silence:0.1")],
            refer=f"ask carol {secret}",
        )
        told = report.wait(result)
        assert told["sip_refer_result"] == result
    assert told["sip_refer_response_code"] == "403"
    assert "horse" not in str(world.log_events())


@pytest.mark.parametrize(
    ("how", "answered", "notified"), [("notify 603", "202", "603"), ("refuse 403", "403", "")]
)
def test_a_refer_of_which_nothing_comes(
    world: World, how: str, answered: str, notified: str
) -> None:
    inbox, report = world.inbox(), world.report()
    step = refer(world, "nobody", inbox)
    world.run([{"answer": {}}, step, report.step(), play("silence:0.1")], refer=how)
    told = report.wait()
    assert told["sip_refer_result"] == told["return_value"] == "failed"
    assert told["sip_refer_response_code"] == answered
    assert told["sip_refer_to_response_code"] == notified
    assert told["sip_refer_to"] == world.switch.uri("nobody")
    eventually(lambda: inbox.events)
    params = inbox.events[0]["params"]
    assert params["state"] == "failed"
    assert params["sip_refer_response_code"] == answered
    assert params.get("sip_notify_response_code", "") == notified


def test_a_busy_target_is_told(world: World) -> None:
    target, report = world.new_number("target"), world.report()
    world.write_document(target, [{"hangup": "busy"}])
    result = {"case": {"failed": [report.step()]}}
    world.run([*SETTLED, {"sip_refer": {"to_uri": world.switch.uri(target), "result": result}}])
    assert report.wait()["sip_refer_to_response_code"] == "486"


@pytest.mark.parametrize("uri", ["", "nobody here", "sip:a@b>;x=<", "tel:+1555", "sips:a@b"])
def test_what_is_no_sip_uri_is_not_sent(world: World, uri: str) -> None:
    report = world.report()
    world.run([{"answer": {}}, {"set": {"to": uri}}, {"sip_refer": "${to}"}, report.step()])
    assert report.wait()["sip_refer_result"] == "failed"
