"""GET /api/voice/logs."""

import pytest
from api_world import MINE, OTHER

from adapter.journal_text import COMMAND, Entry, packed
from adapter.store.rows import CallEvents
from adapter.store.writes import AddCallEvents

LOGS = "/api/voice/logs"


def ids(answer):
    return [row["id"] for row in answer.json["data"]]


def test_a_call_is_shown(api):
    api.call()
    assert api.get(f"{LOGS}/call-1").json == {
        "id": "call-1",
        "from": "+15551230000",
        "to": "+15559870000",
        "direction": "inbound",
        "status": "ended",
        "duration": 4,
        "duration_ms": 4500,
        "billing_ms": 0,
        "source": "realtime_api",
        "type": "relay_pstn_call",
        "url": None,
        "charge": 0,
        "charge_details": [],
        "created_at": "2018-09-25T23:00:00Z",
        "parent_id": None,
    }


def test_calls_are_listed_in_pages(api):
    for number in range(5):
        api.call(f"call-{number}", created_at=100.0 + number)
    api.call("theirs", project_id=OTHER)
    first = api.get(LOGS, query_string="page_size=3&created_after=1970-01-01")
    assert ids(first) == ["call-4", "call-3", "call-2"]
    path, _, query = first.json["links"]["next"].partition("?")
    assert path == LOGS
    assert "created_after=1970-01-01" in query
    assert ids(api.get(path, query_string=query)) == ["call-1", "call-0"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("created_after=2018-09-26", ["c"]),
        ("created_before=2018-09-25T23:00:00Z", ["a"]),
        ("created_after=2018-09-25T23:00:00Z&created_before=2018-09-26", ["b"]),
        ("created_after=2018-09-26T01:00:00%2B02:00", ["c", "b"]),
        ("created_after=2018-09-26T01:00:00+02:00", ["c", "b"]),
        ("created_on=2018-09-25", ["b", "a"]),
        ("include_deleted=true", ["c", "b", "a"]),
        ("created_after=", ["c", "b", "a"]),
    ],
)
def test_times_restrict_the_list(api, query, found):
    moment = 1537916400.0  # 2018-09-25T23:00:00Z
    for name, after in (("a", -1), ("b", 0), ("c", 7200)):
        api.call(name, created_at=moment + after)
    assert ids(api.get(LOGS, query_string=query)) == found


@pytest.mark.parametrize(
    "query",
    [
        "created_after=yesterday",
        "created_on=2018-13-01",
        "created_before=9999-12-31T23:59:59-23:00",
        "created_on=9999-12-31",
        "page_size=0",
        "page_token=x",
    ],
)
def test_what_is_wrong_is_named(api, query):
    answer = api.get(LOGS, query_string=query)
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert error["attribute"] == query.partition("=")[0]
    assert error["code"] == "invalid_parameter"


def test_what_happened_is_shown_in_its_order(api):
    api.call()
    late = [Entry(1537916402.25, "info", "swml.play", {"step": "main[1].play"})]
    early = [
        Entry(1537916400.0, "info", "calling.call.state", {"call_state": "created"}),
        Entry(1537916400.5, "debug", COMMAND, ([b"api uuid_answer call-1\n\n"], "+OK")),
    ]
    for number, entries in ((2, late), (1, early)):
        piece = CallEvents(call_id="call-1", number=number, events=packed(entries))
        api.store.commit(AddCallEvents(piece))
    events = api.get(f"{LOGS}/call-1/events").json["data"]
    assert [event["event_at"] for event in events] == [
        "2018-09-25T23:00:00.000Z",
        "2018-09-25T23:00:00.500Z",
        "2018-09-25T23:00:02.250Z",
    ]
    assert events[1] == {
        "event_at": "2018-09-25T23:00:00.500Z",
        "level": "debug",
        "name": "switch.command",
        "details": {"command": "uuid_answer call-1", "reply": "+OK"},
        "project_id": MINE,
        "log_id": "call-1",
    }


@pytest.mark.parametrize("name", ["theirs", "unknown", "%00", "%ed%a0%80", "x" * 5000])
@pytest.mark.parametrize("path", ["", "/events"])
def test_what_is_not_mine_is_not_there(api, name, path):
    api.call("theirs", project_id=OTHER)
    assert api.get(f"{LOGS}/{name}{path}").status_code == 404
