"""Basic auth of the REST commands: several projects, each with its own token."""

import base64
import hmac

import falcon
import pytest
from falcon import testing

from adapter.config import Settings
from adapter.web.auth import Gate
from adapter.web.errors import Invalid

TOKEN = "PT0123456789abcdef"
OTHER = "PT-another-token-é"


class Whoami:
    def __init__(self, gate):
        self._gate = gate

    def on_get(self, req, resp):
        resp.media = {"project": self._gate.project(req).id}


def client(*projects, **routes):
    app = falcon.App()
    gate = Gate(Settings(projects=list(projects)).projects)
    app.add_route("/whoami", Whoami(gate))
    return testing.TestClient(app)


def basic(user, password, scheme="Basic"):
    return f"{scheme} {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def ask(it, header=None):
    return it.simulate_get("/whoami", headers={"Authorization": header} if header else {})


@pytest.fixture
def it():
    return client({"id": "one", "token": TOKEN}, {"id": "two", "token": OTHER}, {"id": "three"})


@pytest.mark.parametrize(
    ("header", "project"),
    [
        (basic("one", TOKEN), "one"),
        (basic("two", OTHER), "two"),
        (basic("one", TOKEN, scheme="basic"), "one"),
    ],
)
def test_a_project_is_known_by_its_token(it, header, project):
    assert ask(it, header).json == {"project": project}


@pytest.mark.parametrize(
    "header",
    [
        None,
        basic("one", OTHER),
        basic("one", TOKEN[:-1]),
        basic("one", TOKEN + "x"),
        basic("one", ""),
        basic("", TOKEN),
        basic("three", ""),
        basic("three", "None"),
        basic("nobody", TOKEN),
        basic("one", TOKEN, scheme="Bearer"),
        "Basic",
        "Basic ????",
        "Basic " + base64.b64encode(b"one").decode(),
        "Basic " + base64.b64encode(b"one\xff:" + TOKEN.encode()).decode(),
        basic("on", f"e:{TOKEN}"),
    ],
)
def test_nobody_else_gets_in(it, header):
    answer = ask(it, header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_it_is_off_until_a_token_is_set():
    it = client({"id": "one"})
    answer = ask(it, basic("one", ""))
    assert answer.status_code == 401
    assert "give a project a token" in answer.json["description"]


def test_a_token_may_hold_a_colon():
    gate = Gate(Settings(projects=[{"id": "a", "token": "b:c-0123456789abcdef"}]).projects)
    assert gate.find(b"a", b"b:c-0123456789abcdef")
    assert gate.find(b"a:b", b"c-0123456789abcdef") is None


def test_what_is_invalid_is_told_in_the_documented_body():
    error = Invalid("invalid_parameter", "It is wrong.", "params.url")
    assert error.status == falcon.HTTP_422
    assert error.body["errors"][0] == {
        "type": "validation_error",
        "code": "invalid_parameter",
        "message": "It is wrong.",
        "attribute": "params.url",
        "url": error.body["errors"][0]["url"],
    }


def test_tokens_are_compared_in_constant_time(monkeypatch):
    """What `compare_digest` says counts: with one that says yes, every token is the right one."""
    it = client({"id": "one", "token": TOKEN})
    assert ask(it, basic("one", "wrong")).status_code == 401
    monkeypatch.setattr(hmac, "compare_digest", lambda _ours, _theirs: True)
    assert ask(it, basic("one", "wrong")).status_code == 200
