"""Queues of several switches: who can be reached, what a call knows, and who comes no more."""

import time
from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event as Flag

from adapter.connecting.kept import Connect
from adapter.queues import switches
from adapter.queues.kept import QUEUE_VARIABLE, Kept
from adapter.queues.names import hop_to, is_hop, new_room
from adapter.queues.queues import Queues
from adapter.queues.switches import Switches
from adapter.store.queues import QueuedCall
from adapter.store.store import Store

ROOM = "~queue-1c2d3e4f-0000-4000-8000-000000000001"


def test_a_switch_that_does_not_answer_is_spared_for_a_while(monkeypatch):
    now = SimpleNamespace(at=0.0)
    monkeypatch.setattr(switches, "time", SimpleNamespace(monotonic=lambda: now.at))
    known = Switches({"a": "10.0.0.1:5060", "b": "10.0.0.2:5060", "c": "10.0.0.3:5060"})
    assert known.reachable("a") == ["b", "c"]
    known.spare("b")
    assert known.reachable("a") == ["c"]
    now.at = switches.SPARED
    assert known.reachable("a") == ["b", "c"]
    assert Switches({}).reachable("a") == []


def test_what_is_meant_for_a_room():
    room = new_room()
    assert is_hop(hop_to(room))
    assert is_hop(f"sip:{hop_to(room)}@10.0.0.1:5060")
    for other in (room, "queue-1", "sip:alice@10.0.0.1", f"{hop_to(room)}0"):
        assert not is_hop(other)


@pytest.mark.parametrize("alone", [True, False])
def test_a_call_knows_whom_it_meets_on_another_switch(alone):
    step = "swml:session/3"
    left = Kept(step).variables("call-2", "q", "freeswitch-2")
    left |= Connect(f"{step}{ROOM}", 1, "true").before(outlives=alone)
    found = Kept.find(SimpleNamespace(variable=lambda name: left.get(name, "")), step)
    there = Kept(step, True, "call-2", "q", "freeswitch-2", "true")
    assert found == (there if alone else Kept(step, True))
    assert left[QUEUE_VARIABLE] == f"{step} call-2 q freeswitch-2"


def test_who_is_put_back_waits_in_no_room(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/adapter.db")
    told = SimpleNamespace(enqueued=lambda _: None, served=lambda _: None)
    queues = Queues(store, told, "A", Switches({"two": "h:1"}))
    try:
        for number, node in enumerate(("one", "two")):
            call = {"id": f"stay-{number}", "call_id": f"call-{number}", "node_id": node}
            queues.enter(
                QueuedCall(
                    **call, queue="q", worker="A", entered_at=number, seen_at=time.time(), facts={}
                )
            )
        first, second = (
            queues.take(queue="q", node_id="one", taker=f"t{n}", room=f"room-{n}") for n in "01"
        )
        given_up = {one.id: Flag() for one in (first, second)}
        with (
            queues.expecting(first.id, "room-0", given_up[first.id].set),
            queues.expecting(second.id, "room-1", given_up[second.id].set),
        ):
            queues.serve(second.id)
            assert not gevent.wait([given_up[first.id]], timeout=0.6), "it is still to come"
            queues.put_back(first)
            assert given_up[first.id].wait(5)
        assert not given_up[second.id].is_set(), "they have met"
    finally:
        queues.stop()
        store.close()
