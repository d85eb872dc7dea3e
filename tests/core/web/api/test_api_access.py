"""Every resource wants a project's token; none tells whether others have what was asked for."""

import pytest
from api_world import MINE, OTHER, TOKENS

ACCOUNT = f"/2010-04-01/Accounts/{MINE}"
CLOSED = [
    ("POST", "/api/calling/calls"),
    ("GET", "/api/relay/rest/recordings"),
    ("GET", "/api/relay/rest/recordings/rec-1"),
    ("DELETE", "/api/relay/rest/recordings/rec-1"),
    ("GET", "/api/voice/logs"),
    ("GET", "/api/voice/logs/call-1"),
    ("GET", "/api/voice/logs/call-1/events"),
    *(
        (method, prefix + ACCOUNT + path)
        for prefix in ("/api/laml", "")
        for method, path in (
            ("GET", ""),
            ("GET", ".json"),
            ("GET", "/Recordings"),
            ("GET", "/Recordings.json"),
            ("GET", "/Recordings/rec-1.json"),
            ("DELETE", "/Recordings/rec-1"),
            ("GET", "/Calls/call-1/Recordings"),
            ("POST", "/Calls/call-1/Recordings.json"),
            ("GET", "/Calls/call-1/Recordings/rec-1.json"),
            ("POST", "/Calls/call-1/Recordings/rec-1"),
            ("DELETE", "/Calls/call-1/Recordings/rec-1"),
        )
    ),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_without_the_right_token_nothing_is_done(api, method, path):
    api.record()
    api.call()
    wrong = [
        {"project": None},
        {"token": TOKENS[OTHER]},
        {"project": "nobody", "token": "x"},
        {"project": None, "headers": {"Authorization": "Bearer x"}},
        {"project": None, "headers": {"Authorization": "Basic \xff"}},
    ]
    for who in wrong:
        answer = api.ask(method, path, **who)
        assert answer.status_code == 401, who
        assert answer.json["error"] == "Unauthorized"
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert not api.commands.told
    assert (api.folder / "rec-1.wav").exists()


@pytest.mark.parametrize(("method", "path"), [each for each in CLOSED if "/Accounts/" in each[1]])
def test_another_projects_account_is_not_found(api, method, path):
    api.record()
    assert api.ask(method, path, project=OTHER).status_code == 404
    assert not api.commands.told


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_other_methods_are_not_allowed(api, method, path):
    answer = api.ask("PATCH", path)
    assert answer.status_code == 405
    assert method in answer.headers["Allow"]


def test_an_answer_names_its_request(api):
    answer = api.get("/api/voice/logs", headers={"X-Request-Id": "mine"})
    assert answer.headers["X-Request-Id"] == "mine"
