"""The LaML API's calls: made, listed, shown, ended, redirected."""

import pytest
from api_world import MINE, OTHER

from adapter.callbacks.forms import call_form
from adapter.control.errors import CallEnded, Invalid, NotPossible, Unavailable

CALLS = f"/2010-04-01/Accounts/{MINE}/Calls"
GOOD = {"To": "+15559870000", "From": "+15551230000", "Url": "https://h/x"}


@pytest.mark.parametrize("prefix", ["", "/api/laml"])
@pytest.mark.parametrize("end", ["", ".json"])
def test_a_call_is_made(api, prefix, end):
    fields = {
        **GOOD,
        "Timeout": "20",
        "SendDigits": "12#",
        "StatusCallback": "https://h/s",
        "StatusCallbackEvent": ["ringing", "answered completed"],
        "Method": "GET",
        "StatusCallbackMethod": "GET",
    }
    answer = api.post_form(f"{prefix}{CALLS}{end}", fields)
    assert answer.status_code == 201
    assert (answer.json["sid"], answer.json["status"]) == ("dialled", "queued")
    assert answer.json["direction"] == "outbound-api"
    (told,) = api.dial.told
    assert told == (
        MINE,
        {
            "to": "+15559870000",
            "from": "+15551230000",
            "url": "https://h/x",
            "timeout": "20",
            "send_digits": "12#",
            "status_url": "https://h/s",
            "status_events": ["ringing", "answered", "ended"],
            "url_method": "GET",
        },
        "GET",
    )


@pytest.mark.parametrize(
    ("text", "swml"),
    [
        (
            "<Response><Say voice='kal'>a &lt; b</Say><Pause length='2'/><Play>https://h/a.wav"
            "</Play><Hangup/></Response>",
            [
                {"play": {"url": "say:a < b", "say_voice": "kal"}},
                {"sleep": 2000},
                {"play": {"url": "https://h/a.wav"}},
                {"hangup": {}},
                {"hangup": {}},
            ],
        ),
        ("sections: {main: [answer]}", None),
    ],
)
def test_a_document_may_be_in_the_request(api, text, swml):
    assert api.post_form(CALLS, {**GOOD, "Url": "", "Twiml": text}).status_code == 201
    given = api.dial.told[0][1]["swml"]
    assert given == (text if swml is None else {"sections": {"main": swml}})


@pytest.mark.parametrize(
    "changes",
    [
        {"Method": "PUT"},
        {"StatusCallbackMethod": "PUT"},
        {"StatusCallbackEvent": "sad"},
        {"Twiml": "<Response><Dial>1</Dial></Response>"},
        {"Twiml": "<Response><Say>x</Response>"},
        {"Twiml": "<Other/>"},
        {"Twiml": "<!DOCTYPE a [<!ENTITY b 'c'>]><Response><Say>&b;</Say></Response>"},
        {"Twiml": "<Response><Pause length='x'/></Response>"},
        {"Twiml": "<Response><Pause length='-1'/></Response>"},
    ],
    ids=str,
)
def test_what_is_wrong_is_a_bad_request_and_nothing_is_dialled(api, changes):
    answer = api.post_form(CALLS, GOOD | changes)
    assert (answer.status_code, answer.json["code"]) == (400, 20001)
    assert api.dial.told == []


@pytest.mark.parametrize(
    ("error", "status"),
    [(Invalid("to: no", attribute="to"), 400), (NotPossible("no"), 400), (Unavailable("x"), 503)],
)
def test_why_no_call_was_made_is_told(api, error, status):
    api.dial.fails = error
    assert api.post_form(CALLS, GOOD).status_code == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"state": "created", "answered_at": None, "ended_at": None}, "queued"),
        ({"state": "ringing", "answered_at": None, "ended_at": None}, "ringing"),
        ({"state": "answered", "ended_at": None}, "in-progress"),
        ({}, "completed"),
        ({"answered_at": None, "cause": "USER_BUSY"}, "busy"),
        ({"answered_at": None, "cause": "NO_ANSWER"}, "no-answer"),
        ({"answered_at": None, "cause": "ORIGINATOR_CANCEL"}, "canceled"),
        ({"answered_at": None, "cause": "GATEWAY_DOWN"}, "failed"),
    ],
)
def test_a_call_is_shown(api, changes, status):
    row = api.call(**changes)
    shown = api.get(f"{CALLS}/call-1.json").json
    assert shown["status"] == status
    assert (shown["from"], shown["to"], shown["direction"]) == (
        "+15551230000",
        "+15559870000",
        "inbound",
    )
    fields = call_form(row, "ended" if row.state == "ended" else row.state)
    assert (fields["CallSid"], fields["CallStatus"]) == ("call-1", status)
    assert ("CallDuration" in fields) == (row.state == "ended")


def test_calls_are_listed_in_pages(api):
    for number in range(3):
        api.call(f"call-{number}", created_at=1537916400.0 + number)
    api.call("ringing", state="ringing", answered_at=None, ended_at=None, called="+1999")
    api.call("theirs", project_id=OTHER)
    first = api.get(CALLS, query_string="PageSize=2&Status=completed")
    assert [row["sid"] for row in first.json["calls"]] == ["call-2", "call-1"]
    path, _, query = first.json["next_page_uri"].partition("?")
    second = api.get(path, query_string=query)
    assert [row["sid"] for row in second.json["calls"]] == ["call-0"]
    for query in ("Status=ringing", "To=%2B1999"):
        listed = api.get(CALLS, query_string=query).json["calls"]
        assert [row["sid"] for row in listed] == ["ringing"]
    assert api.get(CALLS, query_string="Status=odd").status_code == 400


def test_a_call_is_ended_and_redirected(api):
    api.call(state="answered", ended_at=None)
    for fields, told in (
        ({"Status": "completed"}, ("calling.end", {})),
        ({"Status": "canceled"}, ("update", {"id": "call-1", "status": "canceled"})),
        (
            {"Twiml": "sections: {main: [answer]}"},
            ("update", {"id": "call-1", "swml": "sections: {main: [answer]}"}),
        ),
        (
            {"Url": "https://h/y", "Method": "GET"},
            (
                "update",
                {
                    "id": "call-1",
                    "url": "https://h/y",
                    "url_method": "GET",
                    "fallback_url": None,
                },
            ),
        ),
    ):
        assert api.post_form(f"{CALLS}/call-1.json", fields).status_code == 200
        assert api.commands.told[-1] == (MINE, "call-1", *told)
    api.commands.status = "ended"
    ended = api.post_form(f"{CALLS}/call-1", {"Status": "completed"})
    assert ended.json["status"] == "completed"
    for fields in (
        {},
        {"Status": "sad"},
        {"Twiml": "<Response><Dial/></Response>"},
        {"Url": "https://h/y", "Method": "PUT"},
    ):
        assert api.post_form(f"{CALLS}/call-1", fields).status_code == 400
    api.commands.fails = CallEnded()
    over = api.post_form(f"{CALLS}/call-1", {"Status": "completed"})
    assert (over.status_code, over.json["code"]) == (400, 21220)


def test_another_projects_call_is_not_there(api):
    api.call("theirs", project_id=OTHER)
    for answer in (
        api.get(f"{CALLS}/theirs"),
        api.post_form(f"{CALLS}/theirs", {"Status": "completed"}),
        api.get(f"{CALLS}/unknown"),
        api.get(f"/2010-04-01/Accounts/{OTHER}/Calls"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, 20404)
    assert api.get(CALLS, token="wrong").status_code == 401
    assert api.commands.told == []
