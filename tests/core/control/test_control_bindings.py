"""calling.bind_digit: keys give commands, the right one and so often as they may."""

import pytest
from structlog.testing import capture_logs

from adapter.control.errors import Invalid, NotPossible
from adapter.control.sequences import MOST, PAUSE_SECONDS, BindDigit, Bindings
from adapter.freeswitch.wire import Event
from adapter.methods.pay_dialogue import RUNNING as PAYING
from adapter.relay import sessions

WHO = sessions.resumed_or_new("one", None)


class Keys:
    """Bindings under test, and what was given."""

    def __init__(self, *bound):
        self.given, self.now = [], 100.0
        self.bindings = Bindings(lambda wanted: self.given.append(wanted.bind_method))
        for digits, name, *more in bound:
            self.bind(digits, name, **dict(more))

    def bind(self, digits, name, **more):
        self.bindings.bind(BindDigit(digits=digits, bind_method=name, **more))

    def press(self, keys):
        self.given.clear()
        for key in keys:
            self.bindings.press(key, self.now)
        return self.given


@pytest.mark.parametrize(
    ("bound", "pressed", "given"),
    [
        ([("*1", "a")], "*1", ["a"]),
        ([("*1", "a")], "9*1", ["a"]),
        ([("*1", "a")], "1*", []),
        ([("11", "a")], "111", ["a"]),
        ([("11", "a")], "1111", ["a", "a"]),
        ([("1", "a"), ("12", "b")], "12", ["a", "b"]),
        ([("2", "a"), ("12", "b")], "12", ["b"]),
        ([("a", "x")], "A", ["x"]),
        ([("1", "old"), ("1", "new")], "1", ["new"]),
        ([("1", "one", ("realm", "x")), ("1", "two", ("realm", "y"))], "1", ["two"]),
        ([("1", "a", ("max_triggers", 2))], "111", ["a", "a"]),
        ([("1", "a", ("max_triggers", 0))], "111", ["a", "a", "a"]),
    ],
)
def test_which_keys_give_what(bound, pressed, given):
    assert Keys(*bound).press(pressed) == given


def test_keys_with_a_long_pause_are_no_sequence():
    keys = Keys(("*1", "a"))
    assert keys.press("*") == []
    keys.now += PAUSE_SECONDS + 0.1
    assert keys.press("1") == []
    assert keys.press("*1") == ["a"]


def test_a_realm_is_cleared_or_all():
    keys = Keys(("1", "a", ("realm", "x")), ("2", "b"), ("3", "c", ("realm", "y")))
    keys.bindings.clear("x")
    assert keys.press("123") == ["b", "c"]
    keys.bindings.clear("")
    assert keys.press("123") == ["c"]
    keys.bindings.clear(None)
    assert keys.press("123") == []


def test_there_is_a_limit():
    keys = Keys(*((f"{number:02}", "a") for number in range(MOST)))
    keys.bind("00", "b")
    with pytest.raises(NotPossible, match="clear"):
        keys.bind("999", "a")
    keys.bindings.clear(None)
    keys.bind("999", "a")


# -- on a call -----------------------------------------------------------------------------------


@pytest.fixture
def press(world):
    handlers = []
    world.call.on = lambda name, handler: handlers.append((name, handler))

    def pressed(keys):
        ((name, handler),) = handlers
        assert name == "DTMF"
        for key in keys:
            handler(Event(f"DTMF-Digit: {key}\n".encode()))

    return pressed


def do(world, name, /, **params):
    return world.commander.run("one", "call-1", name, params, by=WHO)


PLAY = {"play": [{"type": "tts", "params": {"text": "You pressed star-1"}}]}
SAID = "playback tts://flite|kal|You pressed star-1"


def test_a_key_gives_a_command(world, press):
    do(world, "calling.bind_digit", digits="*1", bind_method="calling.play", params=PLAY)
    do(world, "calling.bind_digit", digits="*2", bind_method="end", params={}, realm="away")
    press("7*1")
    world.wait_until(lambda: SAID in world.call.done)
    do(world, "calling.clear_digit_bindings", realm="away")
    press("*2*1")
    world.wait_until(lambda: world.call.done.count(SAID) == 2)
    assert world.call.gone is None
    do(world, "calling.clear_digit_bindings")
    do(world, "calling.bind_digit", digits="#", bind_method="calling.end", max_triggers=1)
    press("*1#")
    world.wait_until(lambda: world.call.gone)


@pytest.mark.parametrize(
    ("wanted", "attribute"),
    [
        ({"digits": "12x", "bind_method": "end"}, "digits"),
        ({"digits": "1" * 33, "bind_method": "end"}, "digits"),
        ({"digits": "1", "bind_method": "calling.fly"}, "bind_method"),
        ({"digits": "1", "bind_method": "calling.bind_digit"}, "bind_method"),
        ({"digits": "1", "bind_method": "calling.play"}, "play"),
        ({"digits": "1"}, "bind_method"),
        ({"digits": "1", "bind_method": "end", "max_triggers": -1}, "max_triggers"),
    ],
)
def test_what_could_never_be_done_is_refused_at_once(world, wanted, attribute):
    with pytest.raises(Invalid) as refused:
        do(world, "calling.bind_digit", **wanted)
    assert refused.value.attribute == attribute


def test_what_is_refused_then_is_logged(world, press):
    do(world, "calling.bind_digit", digits="1", bind_method="calling.unhold")
    with capture_logs() as logs:
        press("1")
        world.wait_until(lambda: [line for line in logs if "is refused" in line["event"]])
    (refused,) = [line for line in logs if "is refused" in line["event"]]
    assert "no hold" in refused["reason"]


def test_keys_of_a_card_give_no_command(world, press):
    do(world, "calling.bind_digit", digits="41", bind_method="calling.end")
    world.control.context.running = {PAYING: object()}
    press("41")
    world.control.context.running = {}
    press("1")
    do(world, "calling.bind_digit", digits="2", bind_method="calling.play", params=PLAY)
    press("2")
    world.wait_until(lambda: world.call.done)
    assert world.call.gone is None
