"""calling.transfer and update: another document, by every way to name one."""

import json

import pytest

SWML = {"sections": {"main": []}}
GOOD, BAD = "http://good/d", "http://bad/d"


def connect(to):
    return json.dumps({"sections": {"main": [{"connect": {"to": to}}]}})


@pytest.mark.parametrize(
    ("dest", "document"),
    [
        (SWML, json.dumps(SWML)),
        (json.dumps(SWML), json.dumps(SWML)),
        ("sections:\n  main: []", "sections:\n  main: []"),
        (GOOD, f"document at {GOOD}"),
        ("+15551234567", connect("+15551234567")),
        ("sip:a@example.com", connect("sip:a@example.com")),
    ],
    ids=str,
)
def test_where_a_call_is_transferred_to(world, dest, document):
    assert world.ask("calling.transfer", dest=dest).status_code == 200
    assert world.script.replaced == [document]


@pytest.mark.parametrize(
    ("command", "params", "error"),
    [
        ("calling.transfer", {}, ("missing_required_parameter", "dest")),
        ("calling.transfer", {"dest": [1]}, ("invalid_parameter", "dest")),
        ("calling.transfer", {"dest": BAD}, ("invalid_parameter", "dest")),
        ("calling.transfer", {"dest": {}}, ("invalid_parameter", "dest")),
        ("update", {"url": BAD}, ("invalid_parameter", "url")),
        ("update", {"url": BAD, "fallback_url": BAD}, ("invalid_parameter", "fallback_url")),
        ("update", {"swml": "{}"}, ("invalid_parameter", "swml")),
        ("update", {"url": GOOD, "swml": SWML}, ("invalid_parameter", "swml")),
        ("update", {}, ("missing_required_parameter", "url")),
        ("update", {"status": "ringing"}, ("invalid_parameter", "status")),
        ("update", {"status": "canceled"}, ("cannot_cancel_in_progress", "status")),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(world, command, params, error):
    if command == "update":
        params = {"id": "call-1", **params}
    assert world.error(command, **params) == error
    assert world.script.replaced == []


def update(world, **params):
    return world.send({"command": "update", "params": {"id": "call-1", **params}})


@pytest.mark.parametrize(
    ("params", "document"),
    [
        ({"url": GOOD}, f"document at {GOOD}"),
        ({"url": GOOD, "url_method": "get"}, f"document at {GOOD} by GET"),
        ({"url": BAD, "fallback_url": GOOD}, f"document at {GOOD}"),
        ({"swml": SWML}, json.dumps(SWML)),
    ],
    ids=str,
)
def test_an_update(world, params, document):
    assert update(world, **params).status_code == 200
    assert world.script.replaced == [document]


def test_an_answered_call_is_completed(world):
    assert update(world, status="completed").status_code == 200
    assert world.call.done == ["hangup NORMAL_CLEARING"]


def test_a_call_that_rings(world):
    world.call.answered = False
    found = [update(world, **given).json for given in ({"url": GOOD}, {"status": "completed"})]
    assert [each["errors"][0]["code"] for each in found] == [
        "cannot_redirect_not_in_progress",
        "call_update_failed",
    ]
    assert update(world, status="canceled").status_code == 200
    assert world.call.done == ["hangup ORIGINATOR_CANCEL"]


def test_a_call_that_has_ended(world):
    world.end()
    assert update(world, url=GOOD).json["errors"][0]["code"] == "cannot_update_completed"


def test_an_update_names_its_call(world):
    answer = world.send({"command": "update", "params": {"url": GOOD}})
    assert answer.json["errors"][0]["attribute"] == "id"
