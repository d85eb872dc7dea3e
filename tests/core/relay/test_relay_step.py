"""The step `relay`: who is offered the call, when it goes on, and who hears of it."""

import time
from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event as Flag

from adapter.control.clients import VARIABLE
from adapter.freeswitch.errors import CallGone
from adapter.identity import CallIdentity
from adapter.methods import relay
from adapter.relay import sessions
from adapter.relay.audience import Audience
from adapter.store.rows import Recording
from adapter.swml.errors import ScriptError

DEADLINE = 5
A, B, C = (sessions.resumed_or_new("one", None) for _ in range(3))
IDENTITY = CallIdentity("call-1", "fs1", "swml:s", "one", "space")
FACTS = {
    "call_state": "created", "direction": "inbound", "segment_id": "seg", "type": "phone",
    "from": "+1", "to": "+2",
}  # fmt: skip


class Call:
    """Waits; ends when told."""

    def __init__(self):
        self.over = Flag()
        self.hung_up = ""
        self.variables = {}
        self.uuid, self.answered, self.done = "call-1", False, []

    def api(self, command):
        self.done.append(command.decode().strip())

    def sleep(self, seconds, *, until):
        gevent.wait([self.over, until], timeout=seconds, count=1)
        if self.over.is_set():
            raise CallGone("hung up")

    def hangup(self, cause):
        self.hung_up = cause

    def variable(self, name):
        return self.variables.get(name, "")

    def set_variables(self, values):
        self.variables |= values


class Exchange:
    """Clients of one topic; some are gone when they are offered something."""

    def __init__(self):
        self.clients, self.gone = [A, B, C], []
        self.offered, self.told = [], []

    def of_topic(self, project, topic):
        return list(self.clients) if (project, topic) == ("one", "office") else []

    def deliver(self, project, protocol, event, then=None):
        self.offered.append(protocol)
        self.event = event
        taken = protocol not in self.gone
        if taken and then is not None:
            self.post(project, protocol, then)
        return taken

    def post(self, _project, protocol, event):
        self.told.append((protocol, event["event_type"], event["params"]))

    def is_there(self, _project, protocols):
        return any(one in self.clients for one in protocols)


class World:
    def __init__(self, known=""):
        self.call, self.exchange = Call(), Exchange()
        self.clients = Audience(
            self.exchange, IDENTITY, FACTS, known=known, remember=self.call.set_variables
        )
        self.fallback = None
        documents = SimpleNamespace(fallback=lambda: self.fallback)
        self.context = SimpleNamespace(
            call=self.call, clients=self.clients, identity=IDENTITY, step=1, running={},
            documents=documents,
        )  # fmt: skip

    def start(self, topic="office", **more):
        given = {"topic": topic, "timeout": 5, "turn": 0.02, "abandoned": 5, "routed": True}
        params = relay.Relay(**{**given, **more})
        self.step = gevent.spawn(relay.perform, self.context, params)

    def until(self, true):
        with gevent.Timeout(DEADLINE):
            while not true():
                gevent.sleep(0.001)

    def result(self):
        return self.step.get(timeout=DEADLINE)


@pytest.fixture
def world():
    return World()


def test_one_after_the_other_is_offered_it_until_one_takes_it(world):
    world.start()
    world.until(lambda: len(world.exchange.offered) == 3)
    assert sorted(world.exchange.offered) == sorted([A, B, C])
    event = world.exchange.event
    assert event["event_type"] == "calling.call.receive"
    assert event["params"]["device"]["params"] == {"from_number": "+1", "to_number": "+2"}
    assert (event["params"]["context"], event["params"]["call_state"]) == ("office", "created")
    assert world.call.done == ["api uuid_ring_ready call-1"]
    assert [params["call_state"] for _, _, params in world.exchange.told] == ["ringing"] * 3
    assert [who for who, _, _ in world.exchange.told] == world.exchange.offered
    world.clients.join(B)
    gevent.sleep(0.1)
    assert len(world.exchange.offered) == 3
    assert not world.step.ready()
    assert world.call.variables[VARIABLE] == B
    world.call.over.set()
    with pytest.raises(CallGone):
        world.result()


def test_a_call_that_was_answered_does_not_ring(world):
    world.call.answered = True
    world.clients.state("answered")
    world.start()
    world.until(lambda: world.exchange.offered)
    assert world.exchange.event["params"]["call_state"] == "answered"
    assert (world.call.done, world.exchange.told) == ([], [])


def test_a_client_that_is_gone_costs_no_time(world):
    world.exchange.gone = [A, B]
    began = time.process_time()
    world.start(turn=4)
    world.until(lambda: C in world.exchange.offered)
    assert time.process_time() - began < 1


def test_a_client_that_comes_late_is_offered_it(world, monkeypatch):
    monkeypatch.setattr(relay, "LOOK_SECONDS", 0.01)
    world.exchange.clients = []
    world.start()
    gevent.sleep(0.05)
    world.exchange.clients = [C]
    world.until(lambda: world.exchange.offered == [C])


def test_nobody_takes_it_and_the_call_ends_with_a_cause(world):
    world.start(timeout=0.05)
    result = world.result()
    assert world.call.hung_up == "NORMAL_TEMPORARY_FAILURE"
    assert result.ends_script
    assert "no client took the call" in result.error.message


def test_nobody_takes_it_and_the_fallback_follows(world):
    world.fallback = object()
    world.start(timeout=0.05)
    assert world.result().transfer is world.fallback
    assert not world.call.hung_up


def test_nobody_takes_it_and_a_document_goes_on(world):
    world.start(timeout=0.05, routed=False)
    result = world.result()
    assert isinstance(result.error, ScriptError)
    assert not result.ends_script
    assert not world.call.hung_up


def test_who_passes_it_on_is_not_asked_again(world):
    world.exchange.clients = [A]
    world.start(timeout=0.3)
    world.until(lambda: world.exchange.offered == [A])
    world.clients.join(A)
    world.clients.leave(A)
    assert world.result().ends_script
    assert world.exchange.offered == [A]


def test_a_call_without_its_client_goes_on_in_the_end(world, monkeypatch):
    monkeypatch.setattr(relay, "PRESENCE_SECONDS", 0.01)
    world.start(abandoned=0.05)
    world.clients.join(A)
    gevent.sleep(0.1)
    assert not world.step.ready()
    world.exchange.clients = []
    assert "gone" in world.result().error.message


def test_a_call_that_comes_back_still_has_its_clients():
    world = World(known=f"{A},rubbish,signalwire_x_y,{B}")
    world.start()
    gevent.sleep(0.05)
    assert world.exchange.offered == []
    world.clients.again()
    assert [who for who, _, _ in world.exchange.told] == [A, B]
    assert world.exchange.told[0][2]["call_state"] == "ringing"


def test_states_are_told_in_relays_words(world):
    world.clients.join(A)
    for state, cause in (("answered", ""), ("ending", "USER_BUSY"), ("ended", "NO_ANSWER")):
        world.clients.state(state, cause)
    told = [
        (params["call_state"], params.get("end_reason")) for _, _, params in world.exchange.told
    ]
    assert told == [("answered", None), ("ending", "busy"), ("ended", "hangup")]
    assert all(params["device"]["type"] == "phone" for _, _, params in world.exchange.told)


def test_only_so_many_hear_of_a_call(world):
    for _ in range(20):
        world.clients.join(sessions.resumed_or_new("one", None))
    world.clients.state("answered")
    assert len(world.exchange.told) == 8


def test_a_call_that_a_client_had_made_is_its_own(world):
    world.start(topic=None, client=A, tag="t1")
    world.until(lambda: len(world.exchange.told) == 2)
    (_, dial, told), (who, event, state) = world.exchange.told
    assert (who, event, state["call_state"], state["tag"]) == (
        A, "calling.call.state", "answered", "t1",
    )  # fmt: skip
    assert (dial, told["dial_state"], told["tag"]) == ("calling.call.dial", "answered", "t1")
    assert (told["call"]["call_id"], told["call"]["dial_winner"]) == ("call-1", True)
    assert world.exchange.offered == []
    world.clients.leave(A)  # nobody else is asked: the call ends
    assert world.result().ends_script


def test_a_made_call_that_comes_back_is_not_told_of_again():
    world = World(known=A)
    world.start(topic=None, client=A, tag="t1")
    gevent.sleep(0.05)
    assert world.exchange.told == []
    world.clients.state("ended")
    assert world.exchange.told[0][2]["tag"] == "t1"


def test_a_failed_recording_is_told_by_the_one_failure_that_clients_know(world):
    row = Recording(
        id="r", call_id="call-1", node_id="fs1", event_channel="swml:s", project_id="one",
        space_id="space", control_id="c", state="error", path="r.wav", created_at=1.0,
        format="wav", direction="both", stereo=False, status_url=None, options={},
        error_code="file_missing", error_message="there is no file",
    )  # fmt: skip
    world.clients.recording(row, "http://h/r")
    assert world.exchange.told == []
    world.clients.join(A)
    world.clients.recording(row, "http://h/r")
    ((_, event, params),) = world.exchange.told
    assert (event, params["state"]) == ("calling.call.record", "no_input")
    assert params["error"] == {"code": "file_missing", "message": "there is no file"}
