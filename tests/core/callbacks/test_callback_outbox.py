"""What is stored for a callback."""

import json
import math

import pytest

from adapter.callbacks.outbox import (
    MAX_BODY_BYTES,
    CallbackTooLargeError,
    Outbox,
    as_fields,
    encode,
)
from adapter.store.rows import Callback, CallbackState


def put(url: str = "http://user:pass@host/a", payload: object = None) -> Callback:
    outbox = Outbox(clock=lambda: 123.0)
    return outbox.put("rec-1", url, payload or {"a": 1}, "project-1").callback


def test_callback_is_due_at_once_with_its_bytes() -> None:
    callback = put(payload={"b": "ü", "a": [1, None]})
    assert callback.body == '{"b":"ü","a":[1,null]}'.encode()
    assert callback.state == CallbackState.PENDING
    assert (callback.created_at, callback.next_attempt_at) == (123.0, 123.0)
    assert (callback.stream, callback.project_id) == ("rec-1", "project-1")
    assert callback.url == "http://user:pass@host/a"
    assert callback.origin == "http://host:80"


def test_an_event_by_get_is_in_the_url() -> None:
    event = {"event_type": "calling.conference", "params": {"name": "a&b ü", "size": 2, "x": None}}
    made = Outbox().put("c", "http://host/a?b=1", event, "project-1", method="GET").callback
    assert made.url == "http://host/a?b=1&event_type=calling.conference&name=a%26b+%C3%BC&size=2"
    assert (made.body, made.content_type) == (b"", "")
    nested = {"params": {"device": {"type": "sip"}, "bad": "caf\udce9", "muted": True}}
    assert as_fields(nested) == {"device": '{"type":"sip"}', "bad": "caf\udce9", "muted": "true"}
    assert "bad=caf%3F" in Outbox().put("c", "http://host", nested, "p", method="GET").callback.url


def test_fields_have_what_is_nested_as_json_and_nothing_that_is_null() -> None:
    event = {"event_type": "calling.call.stream", "timestamp": 1.5}
    event["params"] = {"state": "streaming", "a": {"b": 1}, "c": None}
    assert as_fields(event) == {
        "event_type": "calling.call.stream",
        "timestamp": "1.5",
        "state": "streaming",
        "a": '{"b":1}',
    }


def test_each_callback_has_its_own_id() -> None:
    assert len({put().id for _ in range(50)}) == 50


@pytest.mark.parametrize("url", ["ftp://host/", "status", "http://"])
def test_unusable_address_is_kept_as_failed_with_its_reason(url: str) -> None:
    callback = put(url)
    assert callback.state == CallbackState.FAILED
    assert "http:// or https://" in (callback.last_error or "")
    assert callback.finished_at == 123.0


def test_body_is_json_for_any_value_a_document_can_hold() -> None:
    body = encode({"n": [math.nan, math.inf, 1.5], "t": "caf\udce9", "m": {"x": -math.inf}})
    assert json.loads(body) == {"n": [None, None, 1.5], "t": "caf?", "m": {"x": None}}


def test_body_has_a_limit() -> None:
    assert len(encode({"a": "x" * (MAX_BODY_BYTES - 8)})) == MAX_BODY_BYTES
    with pytest.raises(CallbackTooLargeError, match="larger than"):
        encode({"a": "x" * (MAX_BODY_BYTES - 7)})
