"""`request`: what is sent, and what of the answer becomes variables."""

import pytest
import requests

from adapter import methods
from adapter.swml.errors import Code, ScriptError

URL = "http://h/x"


def sent(world, **params):
    """The one request that the step makes."""
    world.perform("request", url=URL, **{"method": "POST", **params})
    (asked,) = world.web.asked
    return asked


@pytest.mark.parametrize(("method", "sent_as"), [("get", "GET"), ("POST", "POST"), ("Put", "PUT")])
def test_method(world, method, sent_as):
    assert sent(world, method=method).method == sent_as


def test_method_that_is_none(world):
    with pytest.raises(ScriptError) as caught:
        world.perform("request", url=URL, method="BREW")
    assert caught.value.code == Code.PARAMETER_INVALID
    assert world.web.asked == []


@pytest.mark.parametrize(
    ("body", "data", "content_type"),
    [
        (None, None, None),
        ("a=1", b"a=1", "application/x-www-form-urlencoded"),
        ("hello", b"hello", "text/plain"),
        (" <x/>", b" <x/>", "application/xml"),
        ('\n{"a": 1}', b'\n{"a": 1}', "application/json"),
        ({"a": "é"}, b'{"a": "\\u00e9"}', "application/json"),
        ([1, None], b"[1, null]", "application/json"),
        (5, b"5", "text/plain"),
    ],
)
def test_body_and_its_type(world, body, data, content_type):
    asked = sent(world, body=body)
    assert asked.data == data
    assert asked.headers.get("Content-Type") == content_type


def test_headers_that_may_be_sent(world):
    headers = {"content-type": "a/b", "X-One": 1, "Host": "evil", "Cookie": "c", "Range": "0-"}
    asked = sent(world, headers=headers, body="x=1")
    assert asked.headers == {"content-type": "a/b", "X-One": "1", "Range": "0-"}


@pytest.mark.parametrize(
    ("params", "timeouts"),
    [
        ({}, (120, 120)),
        ({"timeout": 5}, (5, 5)),
        ({"connect_timeout": 0.5}, (0.5, 120)),
        ({"connect_timeout": 9, "timeout": 5}, (9, 5)),
    ],
)
def test_no_wait_is_without_an_end(world, params, timeouts):
    assert sent(world, **params).timeout == timeouts


def test_answer_becomes_variables(world):
    world.web.answer.status_code = 404
    world.web.answer.headers = {"X-Two": "2"}
    world.web.answer.body = b"not \xff found"
    result = world.perform("request", url=URL, method="GET")
    assert result.error is None
    assert result.variables == {
        "request_url": URL,
        "request_result": "success",
        "return_value": "success",
        "request_response_code": 404,
        "request_response_headers": {"x-two": "2"},
        "request_response_body": "not \ufffd found",
    }


def test_long_answer_is_cut(world):
    world.web.answer.body = b"x" * 1_000_000
    result = world.perform("request", url=URL, method="GET")
    assert len(result.variables["request_response_body"]) == 64 * 1024


@pytest.mark.parametrize(("body", "kept"), [(b'{"a": [1]}', {"a": [1]}), (b"no json", None)])
def test_json_answer_is_kept_if_asked_for(world, body, kept):
    world.web.answer.body = body
    result = world.perform("request", url=URL, method="GET", save_variables=True)
    assert result.variables.get("request_response") == kept


@pytest.mark.parametrize("failure", [requests.Timeout("slow"), OSError("no network")])
def test_no_answer(world, failure):
    world.web.failure = failure
    result = world.perform("request", url=URL, method="GET")
    assert result.variables["request_result"] == "failed"
    assert result.error is not None
    assert result.error.code == Code.EXECUTE_FAILED
    assert str(failure) in str(result.error)


def test_a_request_is_not_repeated_after_a_crash():
    assert methods.is_done_once("request")
    assert not methods.is_done_once("play")
