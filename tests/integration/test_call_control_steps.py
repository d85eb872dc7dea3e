"""Commands that do what a step does: who has answered, keys, noise, events, texts, a referred
call."""

from typing import Any

import pytest
from worlds.receiver import Inbox
from worlds.rest import Rest
from worlds.rtp import RtpListener
from worlds.sounds import silence, speech, tone
from worlds.steps import SETTLED, STAY, sleep
from worlds.waiting import eventually
from worlds.world import World


def detected(inbox: Inbox) -> list[tuple[str, str]]:
    found = [event["params"]["detect"] for event in inbox.events]
    return [(each["type"], each["params"]["event"]) for each in found]


@pytest.mark.parametrize(
    ("kind", "says", "events"),
    [
        ("machine", [silence(0.8), speech(0.5), silence()], [("machine", "HUMAN")]),
        ("fax", [silence(0.8), tone(2100, seconds=3), silence()], [("fax", "CED")]),
    ],
)
def test_who_has_answered_is_told(
    world: World, kind: str, says: list[Any], events: list[tuple[str, str]]
) -> None:
    inbox, report = world.inbox(), world.report()
    phone = world.call([{"answer": {}}, report.step(), STAY], says=says)
    call_id = report.wait_hit().json["call"]["call_id"]
    rest = Rest(world.adapter.url)
    detect = {"type": kind, "params": {"initial_timeout": 4}}
    rest.do("calling.detect", call_id, control_id="d", detect=detect, status_url=inbox.url)
    again = rest.ask("calling.detect", call_id, control_id="d", detect=detect)
    assert (again.status, *again.error) == (422, "invalid_parameter", "control_id")
    eventually(lambda: detected(inbox)[:1] == events, what=f"who it is, in {detected(inbox)}")
    assert {event["params"]["control_id"] for event in inbox.events} == {"d"}
    rest.do("calling.detect.stop", call_id, control_id="d")
    eventually(lambda: detected(inbox)[-1][1] == "finished", what="the end of it")
    phone.hang_up()


def test_what_a_step_does_a_command_does(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    phone = world.call([*SETTLED, report.step(), STAY], says=silence())
    call_id = report.wait_hit().json["call"]["call_id"]
    rest = Rest(world.adapter.url)
    detect = {"type": "digit", "params": {"digits": "5#"}}
    rest.do("calling.detect", call_id, control_id="keys", detect=detect, status_url=inbox.url)
    phone.press("4")
    phone.press("5")
    eventually(lambda: detected(inbox) == [("digit", "5")], what="the key")
    rest.do("calling.denoise", call_id)
    rest.do("calling.denoise.stop", call_id)
    rest.do("calling.user_event", call_id, event={"greeting": "it's me; ${system(x)}"})
    rest.do("calling.transcribe", call_id, control_id="t")
    twice = rest.ask("calling.transcribe", call_id)
    assert (twice.status, *twice.error) == (422, "cannot_process", None)
    rest.do("calling.transcribe.stop", call_id, control_id="t")
    for command, params, error in (
        ("transcribe.stop", {}, ("cannot_process", None)),
        ("detect.stop", {"control_id": "none"}, ("invalid_parameter", "control_id")),
        ("detect", {"detect": {"type": "dog"}}, ("invalid_parameter", "detect.type")),
        ("user_event", {}, ("missing_required_parameter", "event")),
        ("user_event", {"event": {"a": "x" * 20_000}}, ("invalid_parameter", None)),
        (
            "refer",
            {"device": {"type": "sip", "params": {"to": "nobody here"}}},
            ("invalid_parameter", "device.params.to"),
        ),
        ("tap", {}, ("missing_required_parameter", "device")),
        (
            "tap",
            {"device": {"type": "rtp", "params": {"addr": "127.0.0.1"}}},
            ("missing_required_parameter", "device.params.port"),
        ),
        (
            "tap",
            {"device": {"type": "rtp", "params": {"addr": "169.254.169.254", "port": 9}}},
            ("cannot_process", None),
        ),
        ("tap.stop", {"control_id": "none"}, ("cannot_process", None)),
        ("stream", {"url": "ws://127.0.0.1:9/x"}, ("cannot_process", None)),
        ("stream.stop", {"control_id": "none"}, ("cannot_process", None)),
    ):
        answer = rest.ask(f"calling.{command}", call_id, **params)
        assert (answer.status, *answer.error) == (422, *error), command
    phone.hang_up()
    eventually(lambda: detected(inbox)[-1] == ("digit", "finished"), what="the end")


def test_a_call_is_referred(world: World) -> None:
    target, inbox = world.new_number("target"), world.inbox()
    reached, report = world.report(), world.report()
    world.write_document(target, [*SETTLED, reached.step(), sleep(0.5)])
    phone = world.call([*SETTLED, report.step(), sleep(4)], says=tone(440))
    call_id = report.wait_hit().json["call"]["call_id"]
    device = {"type": "sip", "params": {"to": world.switch.uri(target)}}
    Rest(world.adapter.url).do("calling.refer", call_id, device=device, status_url=inbox.url)
    reached.wait_hit()
    eventually(lambda: len(inbox.events) == 1, what="what came of it")
    params = inbox.events[0]["params"]
    assert (params["state"], params["sip_refer_response_code"]) == ("success", "202")
    phone.wait_ended()


def test_what_is_said_is_copied(world: World) -> None:
    inbox, report, listener = world.inbox(), world.report(), RtpListener()
    try:
        phone = world.call([*SETTLED, report.step(), STAY], says=tone(500))
        call_id = report.wait_hit().json["call"]["call_id"]
        rest = Rest(world.adapter.url)
        host, _, port = listener.uri.removeprefix("rtp://").partition(":")
        device = {"type": "rtp", "params": {"addr": host, "port": int(port), "codec": "PCMU"}}
        tap = {"type": "audio", "params": {"direction": "speak"}}
        told = {"control_id": "t", "status_url": inbox.url}
        rest.do("calling.tap", call_id, device=device, tap=tap, **told)
        eventually(lambda: listener.hear().seconds_with(500) > 0.5, what="the tone")
        rest.do("calling.tap.stop", call_id, control_id="t")
        inbox.wait_for("finished", control_id="t")
        assert inbox.states("t") == ["tapping", "finished"]
        phone.hang_up()
    finally:
        listener.close()
