"""calling.collect and calling.send_digits: the keys of a phone, both ways."""

import pytest

DIGITS = {"max": 3, "terminators": "#", "digit_timeout": 30}


def collect(world, **params):
    given = {"control_id": "c", "digits": DIGITS, **params}
    assert world.ask("calling.collect", **given).status_code == 200


def results(world, count):
    """The results told so far, once there are so many."""
    world.wait_until(lambda: len(world.told) >= count)
    return [params["result"] for _, _, params in world.told]


def digit(digits, terminator=""):
    return {"type": "digit", "params": {"digits": digits, "terminator": terminator}}


@pytest.mark.parametrize(
    ("keys", "result", "left"),
    [
        ("123", digit("123"), []),
        ("12#", digit("12", "#"), []),
        ("#", {"type": "no_input"}, []),
    ],
)
def test_keys_end_it(world, keys, result, left):
    collect(world, status_url="http://h/s")
    world.digits.press(keys)
    assert results(world, 1) == [result]
    url, event, params = world.told[0]
    assert (url, event, params["control_id"]) == ("http://h/s", "calling.call.collect", "c")
    assert "state" not in params
    world.wait_until(lambda: world.digits.to is None)
    world.digits.press("9")
    assert world.digits.kept == ["9"]


@pytest.mark.parametrize("speech", [None, {}])
def test_partial_results_are_missed_by_who_speaks(world, speech):
    """A key is no part of anything."""
    world.ask("calling.collect", digits=DIGITS, speech=speech, partial_results=True)
    warned = [details["message"] for name, details in world.noted if name == "api.warning"]
    assert len(warned) == (speech is not None)


def test_time_ends_it_between_two_digits(world):
    collect(world, digits={"max": 5, "digit_timeout": 0.01})
    world.digits.press("4")
    assert results(world, 1) == [digit("4")]


def test_the_first_digit_is_waited_for_without_end_until_the_timers_start(world):
    collect(world, initial_timeout=0.01)
    world.ask("calling.collect.start_input_timers", control_id="c")
    assert results(world, 1) == [{"type": "no_input"}]


def test_timers_that_run_from_the_start(world):
    collect(world, initial_timeout=0.01, start_input_timers=True)
    assert results(world, 1) == [{"type": "no_input"}]


def test_it_goes_on_until_it_is_stopped(world):
    collect(world, continuous=True, send_start_of_input=True)
    world.digits.press("123456")
    results(world, 4)
    assert world.ask("calling.collect.stop", control_id="c").status_code == 200
    start = {"type": "start_of_input"}
    wanted = [start, digit("123"), start, digit("456"), {"type": "finished"}]
    assert results(world, 5) == wanted
    states = [params["state"] for _, _, params in world.told]
    assert states == ["collecting"] * 4 + ["finished"]


def test_the_calls_end_ends_it(world):
    collect(world)
    for callback in world.call.at_end:
        callback()
    assert results(world, 1) == [{"type": "finished"}]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, ("missing_required_parameter", "digits")),
        ({"digits": {}}, ("missing_required_parameter", "digits.max")),
        ({"digits": {"max": 0}}, ("invalid_parameter", "digits.max")),
        ({"digits": {"max": 1, "terminators": "x"}}, ("invalid_parameter", "digits.terminators")),
        ({"speech": {"hints": "x"}}, ("invalid_parameter", "speech.hints")),
        ({"digits": {"max": 1}, "initial_timeout": -1}, ("invalid_parameter", "initial_timeout")),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(world, params, error):
    assert world.error("calling.collect", **params) == error


def test_one_at_a_time(world):
    collect(world)
    assert world.error("calling.collect", digits=DIGITS) == ("cannot_process", None)
    assert world.error("calling.collect.stop", control_id="other") == (
        "invalid_parameter",
        "control_id",
    )
    world.ask("calling.collect.stop", control_id="c")
    results(world, 1)
    collect(world)


def test_keys_are_pressed(world):
    assert world.ask("calling.send_digits", digits="1w2#").status_code == 200
    assert world.call.done == ["uuid_send_dtmf call-1 1w2#"]
    assert world.error("calling.send_digits", digits="${x}") == ("invalid_parameter", "digits")


@pytest.mark.parametrize("name", ["ai_hold", "ai.stop", "live_translate"])
def test_documented_commands_that_are_not_here_cannot_be_processed(world, name):
    assert world.error(f"calling.{name}") == ("cannot_process", None)
