"""connect.confirm: a called party is asked before it is connected."""

import pytest
from worlds.phones import Phone
from worlds.sounds import tone
from worlds.steps import SETTLED
from worlds.waiting import eventually
from worlds.world import World

ASKED = 900
"""Hz of what a called party is asked with."""


def ask(world: World, *after: object) -> list[object]:
    """Steps that play something and take a digit."""
    url = world.sound(tone(ASKED, seconds=0.4))
    hangup = [{"hangup": {}}]
    prompt = {"play": url, "max_digits": 1, "initial_timeout": 6}
    refused = {"when": "prompt_value != '1'", "then": hangup}
    return [{"prompt": prompt}, {"cond": [refused]}, *after]


def answered_and_asked(phone: Phone) -> None:
    phone.wait_heard(ASKED, seconds=0.3)


@pytest.mark.parametrize("form", ["steps", "url"])
def test_who_accepts_is_connected(world: World, form: str) -> None:
    report = world.report()
    bob = world.somebody(says=tone(500))
    steps = ask(world, report.step("asked"))
    url = world.write_document(world.new_number("confirm"), steps)
    phone = world.call(
        [
            *SETTLED,
            {"set": {"secret": "of the caller"}},
            {"connect": {"to": bob.uri, "confirm": steps if form == "steps" else url}},
            report.step("after"),
        ],
        says=tone(700),
    )
    answered = bob.wait_call()
    answered_and_asked(answered)
    assert phone.hear().seconds_of(500) == 0, "it is heard only when it has accepted"
    answered.press("1")
    phone.wait_heard(500, seconds=0.3)
    answered.wait_heard(700, seconds=0.3)
    asked = report.wait_hit("asked").json
    assert "secret" not in asked["vars"], "another leg has variables of its own"
    call = world.wait_fetch(phone.number).json["call"]
    assert asked["call"]["direction"] == "outbound"
    assert asked["call"]["parent"] == {
        "device_type": "sip",
        "call_id": call["call_id"],
        "node_id": call["node_id"],
    }
    answered.hang_up()
    assert report.wait("after")["connect_result"] == "connected"


def test_who_refuses_is_not(world: World) -> None:
    report = world.report()
    first, second = world.somebody(says=tone(500)), world.somebody(says=tone(1100))
    phone = world.call(
        [
            *SETTLED,
            {"connect": {"serial": [first.uri, second.uri], "confirm": ask(world)}},
            report.step(),
        ]
    )
    refusing = first.wait_call()
    answered_and_asked(refusing)
    refusing.press("2")
    eventually(lambda: refusing.ended, what="the refused leg's end")
    accepting = second.wait_call()
    answered_and_asked(accepting)
    accepting.press("1")
    phone.wait_heard(1100, seconds=0.3)
    assert phone.hear().seconds_of(500) == 0
    accepting.hang_up()
    assert report.wait()["connect_result"] == "connected"


@pytest.mark.parametrize(
    "confirm", ["silence", "no such document"], ids=["too late", "cannot be asked"]
)
def test_who_did_not_accept_is_not_connected(world: World, confirm: str) -> None:
    report = world.report()
    bob = world.somebody(says=tone(500))
    steps = ask(world) if confirm == "silence" else f"{world.receiver.url}/no-such-document"
    phone = world.run(
        [
            *SETTLED,
            {"connect": {"to": bob.uri, "confirm": steps, "confirm_timeout": 1}},
            report.step(),
        ]
    )
    after = report.wait()
    reason = "no_answer" if confirm == "silence" else "declined"
    assert (after["connect_result"], after["connect_failed_reason"]) == ("failed", reason)
    assert phone.hear().seconds_of(500) == 0
    assert bob.calls()[0].ended
