"""connect: who is called, who hears whom, and what is told of it."""

from typing import Any

import pytest
from worlds.receiver import Inbox
from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import SETTLED, record, sleep, stop
from worlds.switches import DEAD_GATEWAY, FRONT_DESK
from worlds.waiting import eventually
from worlds.world import World, documents_by_number

Step = dict[str, Any]


def connect(to: Any = None, **parameters: Any) -> Step:
    given = {"to": getattr(to, "uri", to), **parameters}
    return {"connect": {name: value for name, value in given.items() if value is not None}}


def connects(inbox: Inbox) -> list[str]:
    """The states of a connect, in the order they came."""
    return [
        event["params"]["connect_state"]
        for event in inbox.events
        if event["event_type"] == "calling.call.connect"
    ]


def states(inbox: Inbox) -> list[str]:
    """The states of a leg, in the order they came."""
    return [
        event["params"]["call_state"]
        for event in inbox.events
        if event["event_type"] == "calling.call.state"
    ]


def params_of(inbox: Inbox, state: str) -> dict[str, Any]:
    return next(
        event["params"]
        for event in inbox.events
        if state in (event["params"].get("connect_state"), event["params"].get("call_state"))
    )


ALL_STATES = ["created", "ringing", "answered", "ended"]


def test_two_parties_talk_and_the_call_goes_on(world: World) -> None:
    inbox, legs, report = world.inbox(), world.inbox(), world.report()
    bob = world.somebody(says=tone(500), rings=0.3)
    phone = world.call(
        [
            *SETTLED,
            connect(
                bob,
                **{"from": "+15550001"},
                from_name="O'Brien, Ann",
                headers=[{"name": "X-Account", "value": "a, b; c=d|e"}],
                status_url=inbox.url,
                call_state_url=legs.url,
                call_state_events=ALL_STATES,
                result={"case": {"connected": [report.step("talked")]}},
            ),
            report.step("after"),
        ],
        says=tone(700),
    )
    answered = bob.wait_call()
    phone.wait_heard(500, seconds=0.5)
    answered.wait_heard(700, seconds=0.5)
    assert answered.caller == "+15550001"
    assert answered.headers["X-Account"] == "a, b; c=d|e"
    answered.hang_up()
    assert report.wait("talked")["return_value"] == "connected"
    assert report.wait("after")["connect_result"] == "connected"
    phone.wait_ended()
    eventually(lambda: connects(inbox) == ["connecting", "connected", "disconnected"])
    eventually(lambda: states(legs) == ALL_STATES)
    peer = params_of(inbox, "connected")["peer"]
    assert peer["device"] == {"type": "sip", "params": {"from": "+15550001", "to": bob.uri}}
    ended = params_of(legs, "ended")
    assert ended["call_id"] == peer["call_id"] != params_of(inbox, "connected")["call_id"]
    assert (ended["end_reason"], ended["direction"]) == ("hangup", "outbound")
    assert params_of(inbox, "disconnected")["ended_by"] == "peer"
    leg = Rest(world.adapter.url).get(f"/api/voice/logs/{ended['call_id']}")
    assert (leg["parent_id"], leg["direction"], leg["status"]) == (
        params_of(inbox, "connected")["call_id"],
        "outbound",
        "ended",
    )
    assert (leg["from"], leg["to"]) == ("+15550001", bob.uri)
    assert leg["duration_ms"] > 0


def test_a_number_goes_out_by_the_gateway(world: World) -> None:
    """Which number a resource address stands for, say the settings."""
    report = world.report()
    bob = world.somebody(number=FRONT_DESK, says=tone(500))
    desk = "/public/front-desk?channel=audio"
    phone = world.call([*SETTLED, connect(desk), report.step()], caller="1234567")
    answered = bob.wait_call()
    phone.wait_heard(500, seconds=0.2)
    assert answered.caller == "1234567"
    answered.hang_up()
    assert report.wait()["connect_result"] == "connected"


def test_one_after_the_other_until_somebody_answers(world: World) -> None:
    legs, report = world.inbox(), world.report()
    busy, bob, never = (
        world.somebody(status=486),
        world.somebody(says=tone(500)),
        world.somebody(),
    )
    phone = world.call(
        [
            *SETTLED,
            connect(
                serial=[busy.uri, {"to": bob.uri, "from_name": "second"}, never.uri],
                call_state_url=legs.url,
                call_state_events="ended",
            ),
            report.step(),
        ]
    )
    answered = bob.wait_call()
    phone.wait_heard(500, seconds=0.2)
    answered.hang_up()
    assert report.wait()["connect_result"] == "connected"
    eventually(lambda: len(legs.events) == 2)
    assert [event["params"]["end_reason"] for event in legs.events] == ["busy", "hangup"]
    assert never.calls() == []


def test_the_first_to_answer_wins_and_the_others_stop_ringing(world: World) -> None:
    legs, report = world.inbox(), world.report()
    slow = world.somebody(answers=False)
    bob = world.somebody(says=tone(500), rings=0.4)
    phone = world.call(
        [
            *SETTLED,
            connect(
                serial_parallel=[[slow.uri, bob.uri], slow.uri],
                call_state_url=legs.url,
                call_state_events=["ringing", "ended"],
            ),
            report.step(),
        ]
    )
    answered = bob.wait_call()
    phone.wait_heard(500, seconds=0.2)
    eventually(lambda: slow.calls()[0].ended, what="the end of the ringing")
    answered.hang_up()
    assert report.wait()["connect_result"] == "connected"
    eventually(lambda: len(legs.events) == 4)
    assert params_of(legs, "ended")["end_reason"] == "cancel"
    assert len(slow.calls()) == 1


@pytest.mark.parametrize(
    ("answering", "reason"),
    [
        ({"status": 486}, "busy"),
        ({"status": 603}, "declined"),
        ({"status": 404}, "error"),
        ({"status": 503}, "error"),
        ({"answers": False}, "no_answer"),
        ({"silent": True}, "no_answer"),
    ],
    ids=["busy", "declined", "unknown", "broken", "no answer", "no sign of life"],
)
def test_why_nobody_answered(world: World, answering: dict[str, Any], reason: str) -> None:
    inbox, report = world.inbox(), world.report()
    nobody = world.somebody(**answering)
    world.run(
        [
            *SETTLED,
            connect(
                nobody,
                timeout=1,
                status_url=inbox.url,
                result=[
                    {"when": "connect_failed_reason == 'busy'", "then": [report.step("busy")]},
                    {"else": [report.step("other")]},
                ],
            ),
            report.step("after"),
        ]
    )
    after = report.wait("after")
    assert (after["connect_result"], after["connect_failed_reason"]) == ("failed", reason)
    assert report.hits("busy" if reason == "busy" else "other")
    eventually(lambda: connects(inbox) == ["connecting", "failed"])
    assert params_of(inbox, "failed")["failed_reason"] == reason


@pytest.mark.parametrize(
    "to",
    [
        "loopback/1",
        "sip:a@h,loopback/1",
        "sofia/gateway/dead/1",
        "sip:a@127.0.0.1;fs_path=sip:x@127.0.0.1",
        "${system(touch /tmp/swml-pwned)}",
        "/public/somebody",
    ],
)
def test_who_cannot_be_called(world: World, to: str) -> None:
    report = world.report()
    world.run([*SETTLED, {"set": {"who": to}}, connect("%{who}"), report.step()])
    after = report.wait()
    assert (after["connect_result"], after["connect_failed_reason"]) == ("failed", "error")
    assert "relay_script" in after["script_error"]


def test_a_caller_who_hangs_up_cancels_the_call(world: World) -> None:
    inbox, legs = world.inbox(), world.inbox()
    slow = world.somebody(answers=False)
    phone = world.call([*SETTLED, connect(slow, status_url=inbox.url, call_state_url=legs.url)])
    ringing = slow.wait_call()
    phone.hang_up()
    eventually(lambda: ringing.ended, what="the end of the ringing")
    eventually(lambda: connects(inbox) == ["connecting", "failed"])
    assert params_of(inbox, "failed")["failed_reason"] == "cancel"
    eventually(lambda: states(legs) == ["ended"])
    assert params_of(legs, "ended")["end_reason"] == "cancel"


def test_a_caller_who_hangs_up_ends_the_bridge(world: World) -> None:
    inbox, legs = world.inbox(), world.inbox()
    bob = world.somebody(says=tone(500))
    phone = world.call([*SETTLED, connect(bob, status_url=inbox.url, call_state_url=legs.url)])
    answered = bob.wait_call()
    phone.wait_heard(500, seconds=0.2)
    phone.hang_up()
    eventually(lambda: answered.ended, what="the other's end")
    eventually(lambda: connects(inbox) == ["connecting", "connected", "disconnected"])
    assert params_of(inbox, "disconnected")["ended_by"] == "call"
    eventually(lambda: states(legs) == ["ended"])
    assert params_of(legs, "ended")["end_reason"] == "hangup"


def test_a_bridge_has_its_limit(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    bob = world.somebody(says=tone(500))
    phone = world.call(
        [*SETTLED, connect(bob, max_duration=1, status_url=inbox.url), report.step()]
    )
    answered = bob.wait_call()
    assert report.wait()["connect_result"] == "connected"
    phone.wait_ended()
    assert answered.ended
    world.assert_lasts(phone.hear().seconds_of(500), 1, 0.15)
    eventually(lambda: connects(inbox)[-1:] == ["disconnected"])
    assert params_of(inbox, "disconnected")["ended_by"] == "limit"


def test_a_peer_that_vanishes_holds_nothing_up(world: World) -> None:
    """Neither the limit nor the caller's hangup waits for a word from it."""
    inbox, others, report = world.inbox(), world.inbox(), world.report()
    gone = world.somebody(vanishes=True)
    phone = world.call(
        [
            *SETTLED,
            connect(gone, max_duration=1, status_url=inbox.url),
            report.step(),
            connect(gone, status_url=others.url),
        ]
    )
    assert report.wait()["connect_result"] == "connected"
    eventually(lambda: connects(inbox) == ["connecting", "connected", "disconnected"])
    assert params_of(inbox, "disconnected")["ended_by"] == "limit"
    eventually(lambda: connects(others) == ["connecting", "connected"])
    phone.hang_up()
    eventually(lambda: connects(others)[-1:] == ["disconnected"])
    assert params_of(others, "disconnected")["ended_by"] == "call"


def test_a_dead_gateway_is_an_error_in_time(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    adapter = world.start_adapter(
        {"swml": documents_by_number(world.receiver), "gateway": DEAD_GATEWAY}
    )
    step = connect("+15550009999", timeout=2, status_url=inbox.url)
    world.run([*SETTLED, step, report.step()], adapter=adapter)
    told = report.wait()
    assert told["connect_result"] == "failed"
    assert told["connect_failed_reason"] in ("error", "no_answer")
    eventually(lambda: connects(inbox) == ["connecting", "failed"])
    assert params_of(inbox, "failed")["failed_reason"] == told["connect_failed_reason"]


def test_the_call_is_answered_with_the_other(world: World) -> None:
    busy, bob = world.somebody(status=486, rings=0.5), world.somebody(says=tone(500), rings=0.5)
    report = world.report()
    phone = world.call(
        [
            connect(busy, answer_on_bridge=True),
            report.step("busy"),
            connect(bob, answer_on_bridge=True),
        ]
    )
    report.wait("busy")
    assert not phone.answered
    phone.wait_answered()
    phone.wait_heard(500, seconds=0.2)
    bob.wait_call().hang_up()
    phone.wait_ended()


def test_what_is_heard_meanwhile(world: World) -> None:
    bob = world.somebody(says=tone(500), rings=1.2)
    two = [world.sound(tone(hz, seconds=0.2)) for hz in (900, 1300)]
    phone = world.call(
        [
            *SETTLED,
            connect(bob, ringback=two, timeout=5),
            connect(bob, ringback="ring:uk", timeout=5),
        ]
    )
    for number in (1, 2):
        answered = bob.wait_call(number)
        eventually(lambda answered=answered: answered.answered)
        answered.hang_up()
    phone.wait_ended()
    heard = phone.hear()
    assert heard.seconds_of(900) > 0.3
    assert heard.seconds_of(1300) > 0.3
    assert heard.seconds_of(400, 450) > 0.3


def test_both_sides_are_recorded(world: World) -> None:
    inbox = world.inbox()
    bob = world.somebody(says=tone(500))
    phone = world.call(
        [*SETTLED, record(inbox, "all", stereo=True), connect(bob), sleep(0.2), stop("all")],
        says=tone(700),
    )
    answered = bob.wait_call()
    phone.wait_heard(500, seconds=1)
    answered.hang_up()
    phone.wait_ended()
    audio = world.listen_to(inbox.wait_ended("all"))
    assert audio.seconds_of(700, channel=0) > audio.seconds - 0.3
    assert audio.seconds_of(500, channel=1) > 0.8
    assert audio.seconds_with(700, channel=1) < 0.1


def test_a_document_after_the_bridge(world: World) -> None:
    bob = world.somebody(says=tone(500))
    report = world.report()
    number = world.new_number("next")
    url = world.write_document(number, [report.step("next"), "hangup"])
    phone = world.call(
        [*SETTLED, connect(bob, transfer_after_bridge=url), report.step("not this")],
        says=tone(700),
    )
    phone.wait_heard(500, seconds=0.2)
    bob.wait_call().hang_up()
    assert report.wait("next")["connect_result"] == "connected"
    phone.wait_ended()
    assert not report.hits("not this")


def test_a_hundred_at_once_and_no_more(world: World) -> None:
    """Nobody but one gives a sign of life; when that one answers, nothing is left of the others."""
    report = world.report()
    bob, silent = world.somebody(says=tone(500), rings=1), world.somebody(silent=True)
    legs = [bob.uri, *[silent.uri] * 99]
    phone = world.call(
        [
            *SETTLED,
            connect(parallel=[*legs, silent.uri]),
            report.step("too many"),
            connect(parallel=legs, timeout=6),
            report.step("all"),
        ]
    )
    assert report.wait("too many")["connect_result"] == "failed"
    answered = bob.wait_call(within=15)
    phone.wait_heard(500, seconds=0.3, within=15)
    eventually(lambda: world.switch.channels() == 2, what="the end of the other legs")
    answered.press("5")
    answered.hang_up()
    assert report.wait("all")["connect_result"] == "connected"
