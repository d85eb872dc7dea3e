"""Commands that only RELAY clients have: answer, pass, play_and_collect, connect."""

from types import SimpleNamespace

import pytest

from adapter.control.errors import ControlError, Invalid, NotPossible
from adapter.methods.relay import HELD, Held
from adapter.relay import sessions

WHO = sessions.resumed_or_new("one", None)
SOUND = {"type": "tts", "params": {"text": "hello"}}
DIGITS = {"digits": {"max": 2, "digit_timeout": 30}, "initial_timeout": 30}


class Audience:
    """Notes who comes and goes."""

    def __init__(self):
        self.done = []

    def join(self, client):
        self.done.append(f"join {client}")

    def leave(self, client):
        self.done.append(f"leave {client}")

    def again(self):
        self.done.append("again")


@pytest.fixture
def audience(world):
    world.control.audience = found = Audience()
    return found


def do(world, name, **params):
    return world.commander.run("one", "call-1", name, params, by=WHO)


def test_the_rest_api_has_none_of_them(world):
    for name in ("calling.answer", "calling.pass", "calling.connect", "calling.play_and_collect"):
        assert name in world.commander.all_names
        assert world.error(name, control_id="c") == ("invalid_parameter", "command")


def test_who_commands_a_call_hears_of_it(world, audience):
    world.call.answer = lambda: world.call.done.append("answer")
    do(world, "calling.answer")
    assert audience.done == [f"join {WHO}", "again"]  # it was answered: the client waits for that
    do(world, "calling.pass")
    assert audience.done[2:] == [f"leave {WHO}"]
    assert world.call.done == ["answer"]


def test_a_key_cuts_the_sounds_off_and_counts(world):
    world.call.endless = True
    do(world, "calling.play_and_collect", control_id="c", play=[SOUND], collect=DIGITS)
    world.wait_until(lambda: world.call.innermost)
    world.digits.press("12")
    world.wait_until(lambda: len(world.told) == 3)
    told = [(event, params.get("state") or params["result"]) for _, event, params in world.told]
    assert {params["control_id"] for _, _, params in world.told} == {"c"}
    assert told[0] == ("calling.call.play", "playing")
    collected = {"type": "digit", "params": {"digits": "12", "terminator": ""}}
    assert ("calling.call.play", "finished") in told
    assert ("calling.call.collect", collected) in told


def test_the_first_key_is_waited_for_when_the_sounds_have_ended(world):
    collect = {**DIGITS, "initial_timeout": 0.01, "start_input_timers": True}
    do(world, "calling.play_and_collect", control_id="c", play=[SOUND], collect=collect)
    world.wait_until(lambda: len(world.told) == 3)
    _, event, params = world.told[-1]
    assert (event, params["result"]) == ("calling.call.collect", {"type": "no_input"})


def test_both_are_stopped(world):
    world.call.endless = True
    do(world, "calling.play_and_collect", control_id="c", play=[SOUND], collect=DIGITS)
    with pytest.raises(Invalid):
        do(world, "calling.play_and_collect", control_id="c", play=[SOUND], collect=DIGITS)
    do(world, "calling.play_and_collect.stop", control_id="c")
    world.wait_until(lambda: len(world.told) == 3)
    world.wait_until(lambda: world.digits.to is None)


@pytest.mark.parametrize("collect", [None, {}, {"digits": {}}, {"digits": {"max": 0}}, "x"])
def test_what_is_to_be_collected_must_be_said(world, collect):
    with pytest.raises(ControlError):
        do(world, "calling.play_and_collect", control_id="c", play=[SOUND], collect=collect)
    assert world.told == []


def test_sent_digits_are_told_of(world):
    do(world, "calling.send_digits", control_id="d", digits="12#")
    assert world.told == [
        (None, "calling.call.send_digits", {"control_id": "d", "state": "finished"})
    ]


# -- connect -------------------------------------------------------------------------------------

PHONE = {"type": "phone", "params": {"to_number": "+1555", "from_number": "+1666", "timeout": 9}}
SIP = {"type": "sip", "params": {"to": "sip:a@b", "headers": [{"name": "X-A", "value": "1"}]}}


@pytest.fixture
def held(world):
    world.control.context.running = {}
    news = SimpleNamespace(set=lambda: None)
    found = world.control.context.running[HELD] = Held(SimpleNamespace(news=news))
    return found


def test_devices_are_groups_in_turn(world, held, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "adapter.methods.connect.run", lambda _context, step, **more: asked.append((step, more))
    )
    ringback = [{"type": "ringtone", "params": {"name": "us"}}, {"type": "silence", "duration": 1}]
    do(world, "calling.connect", tag="t 1", devices=[[PHONE, SIP], [SIP]], ringback=ringback,
       max_duration=2)  # fmt: skip
    held.next()(SimpleNamespace(identity=SimpleNamespace(event_channel="swml:s"), step=4))
    ((step, more),) = asked
    assert [[one.to for one in group] for group in step.groups()] == [
        ["+1555", "sip:a@b"], ["sip:a@b"],
    ]  # fmt: skip
    first, second = step.groups()[0]
    assert (first.from_, first.timeout, second.headers[0].name) == ("+1666", 9, "X-A")
    assert (step.max_duration, step.ringback) == (120, ["ring:us", "silence:1.0"])
    assert more == {"name": "swml:s/4/t1", "tag": "t 1"}


@pytest.mark.parametrize(
    "devices",
    [None, [], [[]], "x", [[{"type": "phone"}]], [[{"type": "agora", "params": {}}]],
     [[{"type": "sip", "params": {"from": "x"}}]], [[PHONE]] * 101],
)  # fmt: skip
def test_devices_that_are_none_are_refused(world, held, devices):
    with pytest.raises(Invalid):
        do(world, "calling.connect", devices=devices)
    assert held.next() is None


def test_only_a_call_that_was_offered_is_connected(world):
    world.control.context.running = {}
    with pytest.raises(NotPossible):
        do(world, "calling.connect", devices=[[SIP]])
