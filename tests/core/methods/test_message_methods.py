"""user_event and send_sms: what goes out, and what is said of it."""

import json
from types import MethodType, SimpleNamespace

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from adapter import methods
from adapter.callbacks.outbox import Outbox
from adapter.config.media import Sms
from adapter.freeswitch import commands
from adapter.methods.context import Context
from adapter.methods.user_event import one_word
from adapter.swml.effects import Effect


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_an_event_is_one_word_that_means_the_same(event):
    word = one_word(json.dumps(event, separators=(",", ":")))
    assert json.loads(word) == event
    assert not set(word) & {" ", "'", "\n"}
    assert "\\" not in word.replace("\\u", "")
    assert commands.send_info("u", "application/json", word).count(b"\n") == 2


def test_user_event(world):
    methods.perform(world, Effect("user_event", {"event": {"name": 'it\'s "on"'}}))
    assert world.call.done == [
        "uuid_send_info call-1 application json "
        '{"type":"user_event","event":{"name":"it\\u0027s\\u0020\\u0022on\\u0022"}}'
    ]


class Gateway:
    """Answers a POST with a status, or fails."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.asked = []

    def post(self, url, *, json, headers, **_):
        self.asked.append((url, json, headers))
        if isinstance(self.answer, Exception):
            raise self.answer
        response = requests.Response()
        response.status_code = self.answer
        response.raw = SimpleNamespace(close=lambda: None, release_conn=lambda: None)
        return response


SMS = {"to_number": "+15551", "from_number": "+15552", "body": "x" * 161}


@pytest.fixture
def send(world):
    kept = []
    world.shared.outbox, world.shared.held = Outbox(), SimpleNamespace(commit=kept.append)
    world.send = MethodType(Context.send, world)

    def send(answer, url="https://gw/sms", **params):
        world.web = world.shared.web = Gateway(answer)
        sms = Sms(url=url, token=SecretStr("t"))
        world.shared.media = SimpleNamespace(settings=SimpleNamespace(sms=sms))
        result = methods.perform(world, Effect("send_sms", SMS | params))
        told = [json.loads(put.callback.body) for put in kept]
        return result, told

    return send


def test_a_message_goes_to_the_gateway(send, world):
    more = {"tags": ["a"], "media": ["http://h/cat.png"], "region": "eu"}
    result, told = send(202, status_callback="http://h/s", **more)
    assert result.variables == {"send_sms_result": "success", "send_sms_response_code": 202}
    ((url, message, headers),) = world.web.asked
    assert (url, headers) == ("https://gw/sms", {"Authorization": "Bearer t"})
    assert message["to_number"] == "+15551"
    assert message["status_callback"] == "http://h/s"
    assert {name: message[name] for name in more} == more
    (sent,) = told
    assert sent["id"] == message["id"]
    assert (sent["status"], sent["number_of_segments"], sent["error_code"]) == ("sent", 2, None)


@pytest.mark.parametrize(
    ("answer", "url", "reason"),
    [
        (500, "https://gw/sms", "answered 500"),
        (302, "https://gw/sms", "answered 302"),
        (requests.ConnectionError("refused"), "https://gw/sms", "cannot be reached"),
        (200, None, "set sms.url"),
    ],
)
def test_a_message_that_is_not_taken(send, answer, url, reason):
    result, told = send(answer, url, status_callback="http://h/s")
    assert result.variables["send_sms_result"] == "failed"
    assert reason in str(result.error)
    assert told[0]["status"] == "failed"
    assert reason in told[0]["error_message"]
