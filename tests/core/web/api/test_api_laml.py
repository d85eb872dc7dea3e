"""The LaML API: recordings listed, shown, heard, deleted, and commanded on a running call."""

import time

import pytest
from api_world import AUDIO, MINE, OTHER, PUBLIC, TOKENS

from adapter.control.errors import CallEnded, Invalid, Unavailable, UnknownCall
from adapter.recording import links

ACCOUNT = f"/2010-04-01/Accounts/{MINE}"
SECRET = "a-secret-for-links"


@pytest.fixture
def account():
    """One of the two prefixes; that both are served is shown where tokens are."""
    return f"/api/laml{ACCOUNT}"


def sids(answer):
    return [row["sid"] for row in answer.json["recordings"]]


@pytest.mark.parametrize("end", ["", "/", ".json"])
def test_the_account_says_who_asks(api, account, end):
    answer = api.get(account + end)
    assert answer.status_code == 200
    assert (answer.json["sid"], answer.json["status"]) == (MINE, "active")


@pytest.mark.parametrize("end", ["", ".json"])
def test_recordings_are_listed_in_pages(api, account, end):
    for number in range(3):
        api.record(f"rec-{number}", call_id=f"call-{number}")
    api.record("theirs", project_id=OTHER)
    first = api.get(f"{account}/Recordings{end}", query_string="PageSize=2")
    assert sids(first) == ["rec-2", "rec-1"]
    assert (first.json["page"], first.json["page_size"]) == (0, 2)
    assert first.json["previous_page_uri"] is None
    path, _, query = first.json["next_page_uri"].partition("?")
    last = api.get(path, query_string=query)
    assert sids(last) == ["rec-0"]
    assert last.json["next_page_uri"] is None
    path, _, query = last.json["previous_page_uri"].partition("?")
    assert sids(api.get(path, query_string=query)) == ["rec-2", "rec-1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("CallSid=call-1", ["rec-1"]),
        ("CallSid=%00", []),
        ("ConferenceSid=x", []),
        ("DateCreated=2018-09-25", ["rec-1"]),
        ("DateCreated%3C=2018-09-24", ["rec-0"]),
        ("DateCreated>=2018-09-25", ["rec-2", "rec-1"]),
        ("DateCreated%3E=2018-09-25T11:00:00Z&DateCreated%3C=2018-09-25", ["rec-1"]),
    ],
)
def test_a_list_can_be_restricted(api, account, query, found):
    for number in range(3):
        created = 1537916400.0 + (number - 1) * 86400
        api.record(f"rec-{number}", call_id=f"call-{number}", created_at=created)
    assert sids(api.get(f"{account}/Recordings.json", query_string=query)) == found


def test_recordings_of_a_call_are_listed(api, account):
    api.record("rec-1")
    api.record("rec-2", call_id="call-2")
    assert sids(api.get(f"{account}/Calls/call-2/Recordings.json")) == ["rec-2"]


@pytest.mark.parametrize("query", ["PageSize=0", "Page=x", "PageToken=y", "DateCreated=today"])
def test_a_wrong_parameter_is_refused_in_lamls_words(api, account, query):
    answer = api.get(f"{account}/Recordings.json", query_string=query)
    assert answer.status_code == 400
    assert answer.json["status"] == 400
    assert query.partition("=")[0] in answer.json["message"]


def test_a_recording_is_shown(api, account):
    api.record(stereo=True)
    shown = api.get(f"{account}/Recordings/rec-1.json").json
    assert shown == api.get(f"{account}/Calls/call-1/Recordings/rec-1.json").json
    assert shown["sid"] == "rec-1"
    assert shown["date_created"] == "Tue, 25 Sep 2018 23:00:00 +0000"
    assert (shown["status"], shown["duration"], shown["channels"]) == ("completed", 4, 2)
    assert shown["uri"] == f"/api/laml{ACCOUNT}/Recordings/rec-1.json"
    by_accept = api.get(f"{account}/Recordings/rec-1", headers={"Accept": "application/json"})
    assert by_accept.json == shown


@pytest.mark.parametrize("end", ["", ".wav", ".WAV"])
def test_a_recording_is_heard_by_anybody(api, account, end):
    api.record()
    answer = api.get(f"{account}/Recordings/rec-1{end}", project=None)
    assert answer.content == AUDIO
    assert answer.headers["Content-Type"] == "audio/wav"
    head = api.ask("HEAD", f"{account}/Recordings/rec-1{end}", project=None)
    assert head.headers["Content-Length"] == str(len(AUDIO))
    part = api.get(f"{account}/Recordings/rec-1{end}", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, AUDIO[:4])


def test_a_recording_is_not_heard_in_another_format_or_account(api, account):
    api.record()
    api.record("theirs", project_id=OTHER)
    other_format = api.get(f"{account}/Recordings/rec-1.mp3", project=None)
    assert (other_format.status_code, other_format.json["code"]) == (404, 20404)
    assert "ask for .wav" in other_format.json["message"]
    assert api.get(f"{account}/Recordings/theirs.wav", project=None).status_code == 404
    assert api.get(f"{account}/Recordings/unknown.wav", project=None).status_code == 404


def test_where_links_are_signed_a_signature_or_the_token_opens_it(make_api, account):
    api = make_api(link_secret=SECRET)
    api.record(ended_at=time.time())
    path = f"{account}/Recordings/rec-1"
    url = links.media_url(PUBLIC, MINE, "rec-1", SECRET)
    query = url.partition("?")[2]
    assert api.get(path, project=None).status_code == 403
    assert api.get(path, project=None, query_string=query[:-1]).status_code == 403
    assert api.get(path, project=OTHER).status_code == 403
    assert api.get(path, project=None, query_string=query).content == AUDIO
    assert api.get(f"{path}.wav").content == AUDIO
    api.record(ended_at=time.time() - 8 * 86400)
    assert api.get(path, project=None, query_string=query).status_code == 403
    assert api.get(f"{path}.wav").content == AUDIO


def test_deleting(api, account):
    api.record("running", state="recording", ended_at=None)
    refused = api.delete(f"{account}/Recordings/running.json")
    assert (refused.status_code, refused.json["code"]) == (409, 20409)
    for number, path in enumerate(
        ("/Recordings/{}.json", "/Recordings/{}", "/Calls/call-1/Recordings/{}.json")
    ):
        api.record(f"rec-{number}")
        assert api.delete(account + path.format(f"rec-{number}")).status_code == 204
        assert api.get(f"{account}/Recordings/rec-{number}.wav").status_code == 410
        gone = api.get(f"{account}/Recordings/rec-{number}.json")
        assert (gone.status_code, gone.json["code"]) == (404, 20404)


def test_a_start_becomes_a_command(api, account):
    def start(params):
        row = {"control_id": params["control_id"], "state": "recording", "ended_at": None}
        api.record(stereo=params["stereo"], options={"form_callback": {}}, **row)

    api.commands.effect = start
    answer = api.post_form(
        f"{account}/Calls/call-1/Recordings.json",
        {
            "RecordingChannels": "dual",
            "RecordingTrack": "inbound",
            "RecordingStatusCallback": "http://127.0.0.1:9/x",
            "RecordingStatusCallbackEvent": ["in-progress completed", "absent"],
            "RecordingStatusCallbackMethod": "GET",
        },
    )
    assert answer.status_code == 201
    assert (answer.json["sid"], answer.json["status"]) == ("rec-1", "in-progress")
    ((project, call_id, name, params),) = api.commands.told
    assert (project, call_id, name) == (MINE, "call-1", "laml.record")
    assert (params["stereo"], params["direction"]) == (True, "speak")
    assert params["form_callback"] == {
        "url": "http://127.0.0.1:9/x",
        "events": ["in-progress", "completed", "absent"],
        "method": "GET",
    }


def test_a_start_may_say_nothing_or_json(api, account):
    api.commands.effect = lambda params: api.record(control_id=params["control_id"])
    path = f"{account}/Calls/call-1/Recordings"
    assert api.post(path).status_code == 201
    assert api.post(path, json={"RecordingChannels": "dual"}).status_code == 201
    first, second = (told[3] for told in api.commands.told)
    assert (first["stereo"], first["direction"]) == (False, "both")
    assert first["form_callback"] == {"url": "", "events": [], "method": "POST"}
    assert second["stereo"] is True


@pytest.mark.parametrize(
    "fields",
    [
        {"RecordingChannels": "quad"},
        {"RecordingTrack": "sideways"},
        {"RecordingStatusCallback": "nonsense"},
        {"RecordingStatusCallbackEvent": "completed often"},
        {"RecordingStatusCallbackMethod": "PUT"},
    ],
)
def test_a_wrong_start_is_refused(api, account, fields):
    answer = api.post_form(f"{account}/Calls/call-1/Recordings", fields)
    assert answer.status_code == 400
    assert next(iter(fields)) in answer.json["message"]
    assert not api.commands.told


@pytest.mark.parametrize("body", ["[1]", "{", "[" * 100_000, '"x"'])
def test_json_that_is_no_object_is_refused(api, account, body):
    answer = api.post(
        f"{account}/Calls/call-1/Recordings", body=body, content_type="application/json"
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("fields", "behavior"),
    [
        ({"Status": "paused"}, "silence"),
        ({"Status": "paused", "PauseBehavior": "skip"}, "skip"),
        ({"Status": "in-progress"}, "silence"),
        ({"Status": "stopped"}, "silence"),
    ],
)
def test_a_change_becomes_a_command(api, account, fields, behavior):
    api.record(state="recording", ended_at=None)

    def change(params):
        if params["status"] == "stopped":
            api.record()

    api.commands.effect = change
    answer = api.post_form(f"{account}/Calls/call-1/Recordings/rec-1.json", fields)
    assert answer.status_code == 200
    expected = {"stopped": "completed"}.get(fields["Status"], fields["Status"])
    assert answer.json["status"] == expected
    ((_, call_id, name, params),) = api.commands.told
    assert (call_id, name) == ("call-1", "laml.update")
    assert params == {"recording_id": "rec-1", "status": fields["Status"], "behavior": behavior}


@pytest.mark.parametrize(
    "fields", [{}, {"Status": "loud"}, {"Status": "paused", "PauseBehavior": "x"}]
)
def test_a_wrong_change_is_refused(api, account, fields):
    api.record(state="recording", ended_at=None)
    answer = api.post_form(f"{account}/Calls/call-1/Recordings/rec-1", fields)
    assert answer.status_code == 400
    assert not api.commands.told


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (UnknownCall(), 404, 20404),
        (CallEnded(), 400, 21220),
        (Invalid("no"), 400, 21220),
        (Unavailable("no"), 503, None),
    ],
)
def test_a_command_that_fails_says_why(api, account, error, status, code):
    api.record(state="recording", ended_at=None)
    api.commands.fails = error
    for answer in (
        api.post_form(f"{account}/Calls/call-1/Recordings", {}),
        api.post_form(f"{account}/Calls/call-1/Recordings/rec-1", {"Status": "stopped"}),
    ):
        assert (answer.status_code, answer.json.get("code")) == (status, code)


def test_a_recording_of_another_call_is_not_changed(api, account):
    api.record(state="recording", ended_at=None)
    answer = api.post_form(f"{account}/Calls/call-2/Recordings/rec-1", {"Status": "paused"})
    assert (answer.status_code, answer.json["code"]) == (404, 20404)


def test_a_laml_command_is_none_of_the_calling_api(api):
    answer = api.post("/api/calling/calls", json={"command": "laml.update", "id": "call-1"})
    assert answer.status_code == 422
    assert TOKENS[MINE] not in answer.text
