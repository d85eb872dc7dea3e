"""`calling.dial`: groups in turn, the first that answers, and what the client is told."""

import gevent
import pytest

from adapter import methods
from adapter.config import Project
from adapter.control.errors import Invalid, NotPossible, Unavailable
from adapter.relay import sessions
from adapter.relay.dialling import Dials
from adapter.store.rows import CallLog
from adapter.swml.loading import DocumentCache

WHO = sessions.resumed_or_new("one", None)
PROJECT = Project(id="one")


def phone(number):
    return {"type": "phone", "params": {"to_number": number, "from_number": "+1", "timeout": 9}}


class Dialler:
    """Notes orders; numbers that begin with `-` cannot be dialled."""

    can_dial = True

    def __init__(self):
        self.orders = {}

    def dial(self, order):
        if order.to.startswith("-"):
            raise Unavailable("no switch")
        self.orders[order.to] = order
        return self.row(order)

    def row(self, order, **more):
        return CallLog(
            id=order.call_id, project_id="one", node_id="fs", kind="phone", direction="outbound",
            caller=order.from_, called=order.to, created_at=1.0, **{"state": "created", **more},
        )  # fmt: skip

    def say(self, number, state, **more):
        order = self.orders[number]
        order.heard(state, self.row(order, state=state, **more))


class World:
    def __init__(self):
        self.dialler, self.told, self.ended = Dialler(), [], []
        cache = DocumentCache(methods.catalog())
        self.dials = Dials(self.dialler, self, self, lambda text, name: cache.load(text, name=name))

    def run(self, project_id, call_id, name, params):
        number = next(n for n, order in self.dialler.orders.items() if order.call_id == call_id)
        self.ended.append((project_id, number, name, params["reason"]))

    def post(self, project_id, protocol, event):
        assert (project_id, protocol) == ("one", WHO)
        self.told.append((event["event_type"], event["params"]))

    def dial(self, *groups, **more):
        devices = [[phone(number) for number in group] for group in groups]
        self.dials.dial(PROJECT, WHO, {"tag": "t", "devices": devices, **more})

    def until(self, true):
        with gevent.Timeout(5):
            while not true():
                gevent.sleep(0.001)


@pytest.fixture
def world():
    return World()


def test_the_first_that_answers_wins_and_the_others_are_let_go(world):
    world.dial(["+2", "+3"], ["+4"])
    assert list(world.dialler.orders) == ["+2", "+3"]
    order = world.dialler.orders["+2"]
    assert (order.from_, order.timeout, order.project) == ("+1", 9, PROJECT)
    assert WHO in order.document.source
    world.dialler.say("+2", "ringing")
    world.dialler.say("+3", "answered")
    world.until(lambda: world.ended)
    assert world.ended == [("one", "+2", "calling.end", "cancel")]
    world.dialler.say("+2", "ended", cause="ORIGINATOR_CANCEL")
    states = [(p["device"]["params"]["to_number"], p["call_state"]) for _, p in world.told]
    assert states == [("+2", "ringing"), ("+2", "ended")]
    assert world.told[1][1]["end_reason"] == "cancel"
    assert {p["direction"] for _, p in world.told} == {"outbound"}
    # By a tag that has ended, a client would hear no more of the one that answered.
    assert [p["tag"] for _, p in world.told] == ["t", ""]
    assert list(world.dialler.orders) == ["+2", "+3"]


def test_groups_are_called_in_turn_and_the_dial_fails_in_the_end(world):
    world.dial(["+2"], ["-3"], ["+4"])
    world.dialler.say("+2", "ended", cause="USER_BUSY")
    world.until(lambda: "+4" in world.dialler.orders)
    world.dialler.say("+4", "ended", cause="NO_ANSWER")
    world.until(lambda: world.told[-1][0] == "calling.call.dial")
    last = world.told[-1][1]
    assert (last["dial_state"], last["tag"]) == ("failed", "t")
    assert world.ended == []


def test_what_cannot_be_dialled_is_said_at_once(world):
    for wrong in ({"devices": []}, {"devices": [[]]}, {"tag": ""}, {"tag": None}, {"devices": "x"},
                  {"devices": [[{"type": "sip", "params": {"to": "sip:a@b"}}]]}):  # fmt: skip
        with pytest.raises(Invalid):
            world.dial(["+2"], **wrong)
    with pytest.raises(Unavailable):
        world.dial(["-2"], ["+3"])
    world.dialler.can_dial = False
    with pytest.raises(NotPossible):
        world.dial(["+2"])
    assert world.dialler.orders == {}
