"""POST /api/calling/calls: dispatch, the shapes of parameters, and every documented refusal."""

import json

import pytest

from adapter.control.commands import COMMANDS
from adapter.freeswitch.errors import CallGone, CommandFailed
from adapter.store.rows import CallLog

LEG_FIELDS = {
    "id", "from", "to", "direction", "source", "url", "charge", "created_at", "charge_details",
    "status", "duration", "duration_ms", "billing_ms", "type", "parent_id",
}  # fmt: skip


def test_every_command_answers_with_the_call(world):
    answer = world.ask("calling.record", control_id="r")
    assert answer.status_code == 200
    leg = answer.json
    assert set(leg) == LEG_FIELDS
    assert (leg["id"], leg["from"], leg["to"]) == ("call-1", "+1555", "+1666")
    assert (leg["status"], leg["type"], leg["source"]) == (
        "answered",
        "relay_pstn_call",
        "realtime_api",
    )
    assert leg["created_at"] == "2024-05-06T12:53:20Z"


# -- recordings ----------------------------------------------------------------------------------

DEFAULTS = {
    "format": "mp3",
    "direction": "speak",
    "terminators": "#",
    "initial_timeout": 4.0,
    "end_silence_timeout": 0.5,
    "stereo": False,
    "max_length": None,
    "input_sensitivity": 44.0,
}
AUDIO = {"format": "wav", "stereo": True, "direction": "both", "max_length": 30}


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({}, DEFAULTS),
        ({"audio": {}}, DEFAULTS),
        ({"record": {}}, DEFAULTS),
        ({"record": {"audio": AUDIO}}, {**DEFAULTS, **AUDIO}),
        ({"audio": AUDIO}, {**DEFAULTS, **AUDIO}),
        ({"audio": {"terminators": "*a"}}, {**DEFAULTS, "terminators": "*A"}),
        ({"audio": {"end_silence_timeout": 0}}, {**DEFAULTS, "end_silence_timeout": 0.0}),
        ({"control_id": "mine"}, {"control_id": "mine"}),
        ({}, {"control_id": "made-up"}),
        ({"status_url": "http://h/s"}, {"status_url": "http://h/s"}),
    ],
    ids=str,
)
def test_a_recording_is_asked_for_in_three_shapes(world, params, wanted):
    assert world.ask("calling.record", **params).status_code == 200
    options = next(iter(world.recordings.found.values())).options
    assert {name: getattr(options, name) for name in wanted} == wanted


def test_a_recording_is_controlled_by_its_control_id(world):
    world.ask("calling.record", control_id="r")
    for command, params in (
        ("pause", {}),
        ("pause", {"behavior": "silence"}),
        ("resume", {}),
        ("stop", {}),
    ):
        assert world.ask(f"calling.record.{command}", control_id="r", **params).status_code == 200
    assert world.call.done == ["record r", "pause skip r", "pause silence r", "resume r", "stop r"]


def test_a_beep_comes_first(world):
    world.ask("calling.record", control_id="r", audio={"beep": True})
    world.wait_until(lambda: world.call.done[-1:] == ["record r"])
    assert world.call.done[0].startswith("playback tone_stream://")


@pytest.mark.parametrize(
    ("command", "params", "error"),
    [
        ("record", {"control_id": "r"}, ("invalid_parameter", "control_id")),
        ("record", {"audio": {"format": "ogg"}}, ("invalid_parameter", "audio.format")),
        (
            "record",
            {"record": {"audio": {"direction": "up"}}},
            ("invalid_parameter", "record.audio.direction"),
        ),
        ("record", {"audio": {"max_length": -1}}, ("invalid_parameter", "audio.max_length")),
        ("record", {"audio": {"max_length": 1e300}}, ("invalid_parameter", "audio.max_length")),
        ("record", {"audio": "wav"}, ("invalid_parameter", "audio")),
        ("record", {"record": [1]}, ("invalid_parameter", "record")),
        ("record", {"audio": {"terminators": "x"}}, ("invalid_parameter", "audio.terminators")),
        ("record.pause", {}, ("missing_required_parameter", "control_id")),
        ("record.pause", {"control_id": "other"}, ("invalid_parameter", "control_id")),
        (
            "record.pause",
            {"control_id": "r", "behavior": "hide"},
            ("invalid_parameter", "behavior"),
        ),
        ("record.resume", {"control_id": "other"}, ("invalid_parameter", "control_id")),
        ("record.stop", {"control_id": {"a": 1}}, ("invalid_parameter", "control_id")),
        ("end", {"reason": "bored"}, ("invalid_parameter", "reason")),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(world, command, params, error):
    world.ask("calling.record", control_id="r")
    assert world.error(f"calling.{command}", **params) == error
    assert world.call.done == ["record r"]


def test_a_recording_that_has_ended_can_only_be_stopped(world):
    world.ask("calling.record", control_id="r")
    world.recordings.found["r"].running = False
    assert world.error("calling.record.pause", control_id="r") == (
        "invalid_parameter",
        "control_id",
    )
    assert world.ask("calling.record.stop", control_id="r").status_code == 200


def test_what_the_switch_refuses_is_told(world):
    world.call.refusal = CommandFailed("uuid_record", "Cannot record session!")
    assert world.error("calling.record") == ("cannot_process", None)


# -- the end -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "cause"),
    [
        ({}, "NORMAL_CLEARING"),
        ({"reason": "busy"}, "USER_BUSY"),
        ({"reason": "noAnswer"}, "NO_ANSWER"),
        ({"reason": "decline"}, "CALL_REJECTED"),
        ({"reason": "cancel"}, "ORIGINATOR_CANCEL"),
        ({"reason": "error"}, "NORMAL_TEMPORARY_FAILURE"),
    ],
)
def test_a_call_is_ended_for_a_reason(world, params, cause):
    assert world.ask("calling.end", **params).status_code == 200
    assert world.call.done == [f"hangup {cause}"]


# -- calls that are not there --------------------------------------------------------------------


def test_an_unknown_call_is_not_found(world):
    answer = world.ask("calling.end", "call-2")
    assert (answer.status_code, answer.json) == (404, {"error": "Not Found"})


def test_a_call_of_another_project_is_not_found(world):
    body = {"command": "calling.end", "id": "call-1", "params": {}}
    answer = world.send(body, "two", "PT-core-tests-control2")
    assert (answer.status_code, answer.json) == (404, {"error": "Not Found"})
    assert world.call.done == []
    world.end()
    assert world.send(body, "two", "PT-core-tests-control2").status_code == 404


def test_an_ended_call_says_so(world):
    world.end()
    assert world.error("calling.end") == ("cannot_update_completed", None)


def test_a_call_that_just_ends_says_so(world):
    def gone(control_id):
        raise CallGone("hung up (NORMAL_CLEARING)")

    world.recordings.find = gone
    assert world.error("calling.record.stop", control_id="r") == ("cannot_update_completed", None)


def test_an_ended_call_is_known_by_the_store(world):
    world.known["call-9"] = CallLog(
        **{**{f: getattr(world.row, f) for f in world.row.__slots__}, "id": "call-9"}
    )
    assert world.error("calling.end", "call-9") == ("cannot_update_completed", None)


# -- requests that are none ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "7", "null", '{"command": NaN}', "[" * 100_000, b"\xff\xfe{}"]
)
def test_what_is_no_object_is_a_bad_request(world, body):
    answer = world.send(body)
    assert (answer.status_code, answer.json["error"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("missing_required_parameter", "command")),
        ({"command": ""}, ("missing_required_parameter", "command")),
        ({"command": 7}, ("invalid_parameter", "command")),
        ({"command": "calling.fly", "id": "call-1"}, ("invalid_parameter", "command")),
        ({"command": "calling.ai_hold", "id": "call-1"}, ("cannot_process", None)),
        ({"command": "calling.end"}, ("missing_required_parameter", "id")),
        ({"command": "calling.end", "id": ["call-1"]}, ("invalid_parameter", "id")),
        ({"command": "calling.end", "id": "call-1", "params": []}, ("invalid_parameter", "params")),
        ({"command": "dial", "params": {}}, ("cannot_process", None)),
    ],
    ids=str,
)
def test_what_the_request_lacks_is_named(world, body, error):
    answer = world.send(body)
    assert answer.status_code == 422
    found = answer.json["errors"][0]
    assert (found["code"], found["attribute"]) == error
    assert set(found) == {"type", "code", "message", "attribute", "url"}


def test_parameters_may_be_left_out(world):
    assert world.send({"command": "calling.end", "id": "call-1"}).status_code == 200


def test_nobody_gets_in_without_a_token(world):
    answer = world.send({"command": "calling.end", "id": "call-1"}, token="wrong-token")
    assert answer.status_code == 401
    assert answer.json["error"] == "Unauthorized"
    assert world.call.done == []


def test_names_of_commands_are_those_of_the_api():
    assert all(name == command.name for name, command in COMMANDS.items())


def test_a_body_may_begin_with_a_byte_order_mark(world):
    body = json.dumps({"command": "calling.end", "id": "call-1", "params": {}})
    assert world.send(body.encode("utf-8-sig")).status_code == 200
