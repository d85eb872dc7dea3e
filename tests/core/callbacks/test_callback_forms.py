"""Callbacks as forms: which states are told, their fields, their signature."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qs

import pytest

from adapter.callbacks.forms import CONTENT_TYPE, form_callback, recording_form
from adapter.callbacks.outbox import Outbox
from adapter.callbacks.signing import form_signature_headers
from adapter.callbacks.transport import prepared
from adapter.store.rows import Recording

URL = "http://user:pass@127.0.0.1:9/x?a=1"


def recording(state, **options):
    return Recording(
        id="rec-1",
        call_id="call-1",
        node_id="fs1",
        control_id="c1",
        project_id="project-1",
        space_id="space-1",
        event_channel="swml:1",
        state=state,
        path="rec-1.wav",
        created_at=100.0,
        duration=4.6,
        stereo=True,
        options=options,
    )


@pytest.mark.parametrize(
    ("state", "events", "told"),
    [
        ("finished", ["completed"], True),
        ("recording", ["completed"], False),
        ("recording", ["in-progress", "completed"], True),
        ("no_input", ["absent"], True),
        ("error", ["absent"], True),
        ("finished", [], False),
    ],
)
def test_the_states_that_were_asked_for_are_told(state, events, told):
    wanted = {"url": URL, "events": events}
    assert form_callback(recording(state, form_callback=wanted)) == (wanted if told else None)
    assert form_callback(recording(state)) is None


def test_the_fields_are_lamls():
    assert recording_form(recording("finished"), "http://here/rec-1") == {
        "AccountSid": "project-1",
        "CallSid": "call-1",
        "RecordingSid": "rec-1",
        "RecordingUrl": "http://here/rec-1",
        "RecordingStatus": "completed",
        "RecordingDuration": "5",
        "RecordingChannels": "2",
        "RecordingSource": "StartCallRecordingApi",
    }


def test_a_form_is_signed_by_its_sorted_fields():
    fields = {"b": "2 ü", "a": "1&=", "c": ""}
    callback = Outbox().put_form("rec-1", URL, fields, "project-1").callback
    assert callback.content_type == CONTENT_TYPE
    assert {name: v[0] for name, v in parse_qs(callback.body.decode(), True).items()} == fields
    message = "http://127.0.0.1:9/x?a=1" + "a1&=" + "b2 ü" + "c"
    digest = hmac.new(b"PSK_key", message.encode(), hashlib.sha1).digest()
    expected = base64.b64encode(digest).decode()
    assert form_signature_headers("PSK_key", URL, callback.body) == {
        "X-SignalWire-Signature": expected
    }
    request = prepared(URL, callback.body, {"Content-Type": CONTENT_TYPE}, "PSK_key")
    assert request.headers["X-SignalWire-Signature"] == expected
    assert "X-SignalWire-Sha256-Signature" not in request.headers


@pytest.mark.parametrize(
    ("url", "query"), [(URL, "a=1&b=2+%C3%BC"), ("http://user:pass@127.0.0.1:9/x#y", "b=2+%C3%BC")]
)
def test_a_form_told_by_get_is_in_the_signed_url(url, query):
    callback = Outbox().put_form("rec-1", url, {"b": "2 ü"}, "p", method="GET").callback
    assert (callback.body, callback.content_type) == (b"", "")
    assert callback.state == "pending"
    request = prepared(callback.url, callback.body, {}, "PSK_key")
    assert (request.method, request.body) == ("GET", None)
    assert request.url == f"http://127.0.0.1:9/x?{query}"
    digest = hmac.new(b"PSK_key", request.url.encode(), hashlib.sha1).digest()
    assert request.headers["X-SignalWire-Signature"] == base64.b64encode(digest).decode()
    assert request.headers["Authorization"].startswith("Basic ")
    assert "Content-Type" not in request.headers
