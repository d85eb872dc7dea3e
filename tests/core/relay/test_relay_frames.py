"""What clients send, as text: requests, replies, and what is none of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.relay import frames, sessions
from adapter.relay.frames import FrameError, Reply, Request

ONE, OTHER = "project-one", "project-two"


def test_a_request_is_read():
    text = '{"jsonrpc":"2.0","id":"1","method":"signalwire.ping","params":{"timestamp":1.5}}'
    assert frames.parse(text) == Request("1", "signalwire.ping", {"timestamp": 1.5})
    assert frames.parse('{"id":7,"method":"x"}') == Request(7, "x", {})
    assert frames.parse('{"id":7,"method":"x","params":null}') == Request(7, "x", {})


def test_an_answer_to_us_is_read():
    assert frames.parse('{"id":"e","result":{}}') == Reply("e")
    assert frames.parse('{"id":"e","error":{"code":1}}') == Reply("e")


@pytest.mark.parametrize(
    ("text", "code", "frame_id"),
    [
        ("", frames.PARSE_ERROR, None),
        ("{", frames.PARSE_ERROR, None),
        ("[" * 100_000, frames.PARSE_ERROR, None),
        ('{"id":"1","method":"x","params":{"n":NaN}}', frames.PARSE_ERROR, None),
        ("[]", frames.INVALID_REQUEST, None),
        ('"text"', frames.INVALID_REQUEST, None),
        ("{}", frames.INVALID_REQUEST, None),
        ('{"id":"1"}', frames.INVALID_REQUEST, "1"),
        ('{"id":"1","method":5}', frames.INVALID_REQUEST, "1"),
        ('{"id":{},"method":"x"}', frames.INVALID_REQUEST, None),
        ('{"id":1.5,"method":"x"}', frames.INVALID_REQUEST, None),
        (f'{{"id":{10**30},"method":"x"}}', frames.INVALID_REQUEST, None),
        (f'{{"id":"{"i" * 200}","method":"x"}}', frames.INVALID_REQUEST, None),
        ('{"id":"1","method":"x","params":[1]}', frames.INVALID_PARAMS, "1"),
        ('{"id":"1","method":"x","params":"p"}', frames.INVALID_PARAMS, "1"),
    ],
)
def test_what_is_no_frame_is_refused(text, code, frame_id):
    with pytest.raises(FrameError) as refused:
        frames.parse(text)
    assert (refused.value.code, refused.value.id) == (code, frame_id)


@pytest.mark.parametrize(
    "given", [None, "office", {}, [1], [""], ["x" * 300], ["a"] * 300, [["a"]], {"a": 1}]
)
def test_a_list_of_topics_has_limits(given):
    with pytest.raises(FrameError):
        frames.text_list({"contexts": given}, "contexts", most=200, longest=256)


def test_what_no_json_has_is_not_sent():
    sent = json.loads(frames.request("1", "x", {"n": float("nan"), "text": "\udcff"}))
    assert sent["params"] == {"n": None, "text": "?"}


def test_a_protocol_holds_for_its_project_alone():
    own = sessions.resumed_or_new(ONE, None)
    assert sessions.resumed_or_new(ONE, own) == own
    assert sessions.resumed_or_new(OTHER, own) != own
    assert own.split("_")[1] == sessions.signature(ONE)  # as BaseSession.ts compares them
    for strange in ("", own + "x", own.upper(), 5, {}, "signalwire_x_y", own + ",other"):
        assert sessions.resumed_or_new(ONE, strange) not in (strange, own)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FRAMES = st.dictionaries(
    st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"]), ANYTHING
)


@given(st.text() | ANYTHING.map(json.dumps) | FRAMES.map(json.dumps))
def test_whatever_comes_is_a_frame_or_is_refused(text):
    try:
        frame = frames.parse(text)
    except FrameError as error:
        answer = frames.error(error.id, error.code, str(error))
    else:
        answer = frames.result(frame.id, {})
    assert json.loads(answer)["jsonrpc"] == "2.0"
