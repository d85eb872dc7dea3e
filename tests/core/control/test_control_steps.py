"""Commands that do what a step does: what reaches the switch, and what is refused."""

import json

import pytest

from adapter.control.states import CallStates, Watch
from adapter.freeswitch.errors import CommandFailed


def test_noise_is_taken_out_and_let_in(world):
    assert world.ask("calling.denoise").status_code == 200
    assert world.ask("calling.denoise.stop").status_code == 200
    assert world.call.done == [
        "uuid_preprocess call-1 r.noise_suppress=-30",
        "uuid_preprocess call-1 stop",
    ]
    world.call.api = lambda *_: (_ for _ in ()).throw(CommandFailed("uuid_preprocess", "no module"))
    assert world.error("calling.denoise") == ("cannot_process", None)


@pytest.mark.parametrize("event", [{"a": "it's"}, "it's"])
def test_an_event_is_sent(world, event):
    assert world.ask("calling.user_event", event=event).status_code == 200
    (sent,) = world.call.done
    message = sent.removeprefix("uuid_send_info call-1 application json ")
    assert "'" not in message
    assert json.loads(message) == {"type": "user_event", "event": event}


@pytest.mark.parametrize(
    ("command", "params", "error"),
    [
        ("user_event", {}, ("missing_required_parameter", "event")),
        ("user_event", {"event": [1]}, ("invalid_parameter", "event")),
        ("user_event", {"event": {"a": "x" * 20_000}}, ("invalid_parameter", None)),
        ("detect", {}, ("missing_required_parameter", "detect")),
        ("detect", {"detect": {"type": "cat"}}, ("invalid_parameter", "detect.type")),
        (
            "detect",
            {"detect": {"type": "digit", "params": {"digits": "x"}}},
            ("invalid_parameter", "detect.params.digits"),
        ),
        ("detect", {"detect": {"type": "digit"}, "timeout": -1}, ("invalid_parameter", "timeout")),
        (
            "detect",
            {"detect": {"type": "digit"}, "status_url": "x"},
            ("invalid_parameter", "status_url"),
        ),
        ("detect.stop", {"control_id": "none"}, ("invalid_parameter", "control_id")),
        ("refer", {}, ("missing_required_parameter", "device")),
        (
            "refer",
            {"device": {"params": {"to": "a b"}}},
            ("invalid_parameter", "device.params.to"),
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(world, command, params, error):
    assert world.error(f"calling.{command}", **params) == error
    assert world.call.done == []


def test_where_to_may_stand_beside_the_type(world):
    """As `sw calls tap` and the SDK's own examples send it; what is wrong is named all the same."""
    flat = {"device": {"type": "ws"}}
    assert world.error("calling.tap", **flat) == ("missing_required_parameter", "device.params.uri")
    rtp = {"type": "rtp", "addr": "h", "port": 0}
    assert world.error("calling.tap", device=rtp) == ("invalid_parameter", "device.port")
    refer = {"type": "sip", "to": "a b"}
    assert world.error("calling.refer", device=refer)[0] == "invalid_parameter"
    wanted = {"type": "digit", "digits": "x"}
    assert world.error("calling.detect", detect=wanted) == ("invalid_parameter", "detect.digits")


def test_each_state_is_told_once_and_in_order():
    watch = Watch("http://h", frozenset({"ringing", "ending", "ended"}))
    states = CallStates(watch)
    assert states.reach("created") == []
    assert states.reach("ringing") == [(watch, "ringing")]
    assert states.reach("ringing") == states.reach("created") == states.reach("answered") == []
    assert states.reach("ended") == [(watch, "ending"), (watch, "ended")]
    assert states.reach("ended") == []
