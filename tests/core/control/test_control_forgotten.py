"""Calls that ended while no adapter had them."""

import json

import pytest

from adapter.callbacks.outbox import Outbox
from adapter.control import forgotten as module
from adapter.control.forgotten import ForgottenCalls
from adapter.control.running import RunningCalls
from adapter.freeswitch.errors import ConnectionLost
from adapter.journal import events_of
from adapter.store.rows import CallLog, CallPosition
from adapter.store.store import Store
from adapter.store.writes import PutCall, PutCallLog


class FakeNode:
    name = "fs1"

    def __init__(self, answer):
        self.answer = answer

    def api(self, _command):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def store(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path}/adapter.db")
    yield opened
    opened.close()


def a_call(**changes):
    values = {
        "id": "call-1",
        "project_id": "project-1",
        "node_id": "fs1",
        "kind": "phone",
        "direction": "outbound",
        "caller": "+1555",
        "called": "+1666",
        "state": "answered",
        "created_at": 1e9,
        "answered_at": 1e9,
    }
    return CallLog(**(values | changes))


def look(store, monkeypatch, answer, times=2):
    monkeypatch.setattr(module, "SUSPECT_SECONDS", 0.0)
    looking = ForgottenCalls(store, Outbox(), RunningCalls(), lambda _: "space-1")
    looking._nodes = [FakeNode(answer)]
    for _ in range(times):
        looking.sweep()
    return store.call_log("call-1")


def test_its_end_is_written_down_and_told(store, monkeypatch):
    status = {"url": "http://h/s", "states": ["ended"], "form": False}
    position = CallPosition(
        call_id="call-1",
        session_id="s1",
        node_id="fs1",
        worker="w",
        state={"script": {}, "status": status},
        updated_at=1e9,
    )
    store.commit(PutCallLog(a_call()), PutCall(position))
    assert look(store, monkeypatch, "false").state == "ended"
    (callback,) = store.callbacks()
    body = json.loads(callback.body)
    assert (body["event_channel"], body["space_id"]) == ("swml:s1", "space-1")
    assert (body["params"]["call_state"], body["params"]["end_reason"]) == ("ended", "hangup")
    assert store.call("call-1").ended_at
    (event,) = events_of(store.call_pieces("call-1"))
    assert event.level == "warn"


@pytest.mark.parametrize("answer", ["true", ConnectionLost("down")])
def test_what_may_live_is_left_alone(store, monkeypatch, answer):
    store.commit(PutCallLog(a_call()))
    assert look(store, monkeypatch, answer).state == "answered"


def test_a_call_of_a_switch_that_nobody_knows_ends_when_none_can_last_so_long(store, monkeypatch):
    store.commit(PutCallLog(a_call(node_id="other")))
    assert look(store, monkeypatch, "true").state == "ended"


def test_a_young_suspect_is_its_own_processs(store, monkeypatch):
    store.commit(PutCallLog(a_call()))
    looking = ForgottenCalls(store, Outbox(), RunningCalls(), lambda _: "")
    looking._nodes = [FakeNode("false")]
    looking.sweep()
    looking.sweep()
    assert store.call_log("call-1").state == "answered"
