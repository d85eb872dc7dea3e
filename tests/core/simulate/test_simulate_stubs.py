"""Stubs: which request they answer, with what, and what is wrong with a file of them."""

import io
import wave

import pytest
import requests

from adapter.simulate.network import Stubbed
from adapter.simulate.stubs import Stub, StubsError, load_stubs
from adapter.simulate.trace import Trace

URL = "https://example.com/a?b=c"


@pytest.fixture
def ask():
    """Send a request to stubs; `ask.lines` is what was told of it."""

    def send(stubs, method="GET", url=URL):
        trace = Trace()
        send.lines = trace.lines
        with requests.Session() as session:
            session.mount("https://", Stubbed(stubs, trace))
            return session.request(method, url, timeout=1)

    return send


@pytest.mark.parametrize(
    ("stub", "fits"),
    [
        ({"url": URL}, True),
        ({"url": "*"}, True),
        ({"url": "https://example.com/*"}, True),
        ({"url": "https://example.com/a"}, False),
        ({"url": "https://example.com/a.b=c"}, False),
        ({"url": "*", "method": "get"}, True),
        ({"url": "*", "method": "POST"}, False),
    ],
)
def test_method_and_url_decide(stub, fits):
    assert Stub(**stub).fits("GET", URL) is fits


def test_the_first_that_fits_answers(ask):
    answer = ask(
        [
            Stub(url="*", method="POST", body="posted"),
            Stub(url="*", status=404, headers={"X-A": "b"}, body={"name": "Ann"}),
            Stub(url="*", body="too late"),
        ]
    )
    assert (answer.status_code, answer.json(), answer.headers["X-A"]) == (404, {"name": "Ann"}, "b")
    assert answer.headers["Content-Type"] == "application/json"
    assert ask.lines() == [f"  http      GET {URL} answered 404"]


def test_text_is_sent_as_it_is(ask):
    answer = ask([Stub(url="*", body="%{x}", headers={"Content-Type": "text/plain"})])
    assert (answer.text, answer.headers["Content-Type"]) == ("%{x}", "text/plain")


def test_without_a_stub_there_is_no_network(ask):
    with pytest.raises(requests.ConnectionError, match="no stub answers this request"):
        ask([Stub(url="https://example.com/b")])
    assert ask.lines() == [f"  http      GET {URL} failed: no stub answers this request"]


def test_a_failure_can_be_wanted(ask):
    with pytest.raises(requests.ConnectionError, match="refused"):
        ask([Stub(url="*", error="connection refused")])


def test_passwords_do_not_count_and_are_not_shown(ask):
    ask([Stub(url=URL)], url="https://user:secret@example.com/a?b=c")
    assert ask.lines() == [f"  http      GET {URL} answered 200"]


def test_a_sound_is_so_many_seconds(ask):
    answer = ask([Stub(url="*", sound=1.5)])
    assert answer.headers["Content-Type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as file:
        assert file.getnframes() / file.getframerate() == 1.5


def test_a_file_is_found_beside_the_stubs(tmp_path, ask):
    (tmp_path / "ivr.yaml").write_text("sections: {main: []}")
    (tmp_path / "stubs.yaml").write_text("- {url: '*', file: ivr.yaml}\n")
    assert ask(load_stubs(tmp_path / "stubs.yaml")).text == "sections: {main: []}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url: x", "list"),
        ("- {uri: x}", "0.url: Field required"),
        ("- {url: x, colour: red}", "0.colour: Extra inputs are not permitted"),
        ("- {url: x, status: ok}", "0.status: Input should be a valid integer"),
        ("- {url: x, file: absent.wav}", "there is no file"),
        ("- [", "flow"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, text, said):
    file = tmp_path / "stubs.yaml"
    file.write_text(text)
    with pytest.raises(StubsError, match=said) as error:
        load_stubs(file)
    assert str(file) in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(StubsError, match="No such file"):
        load_stubs(tmp_path / "absent.yaml")


def test_an_empty_file_has_no_stubs(tmp_path):
    (tmp_path / "stubs.yaml").write_text("")
    assert load_stubs(tmp_path / "stubs.yaml") == []
