"""`dial`, and the call until its answer: what is ordered, stored and told."""

import json
import time
from types import SimpleNamespace

import gevent
import pytest

from adapter import methods
from adapter.callbacks.outbox import Outbox
from adapter.config import Settings
from adapter.control import dialler as module
from adapter.control import ringing
from adapter.control.commander import Commander
from adapter.control.dial import dial
from adapter.control.dialler import Dialler
from adapter.control.errors import CallEnded, Invalid, NotPossible, Unavailable
from adapter.control.running import RunningCalls
from adapter.freeswitch.errors import CommandFailed, ConnectionLost
from adapter.freeswitch.wire import Event
from adapter.store.held import HeldWrites
from adapter.store.rows import CallLogFilter
from adapter.store.store import Store
from adapter.swml.loading import DocumentCache

GOOD = {"from": "+15550001", "to": "sip:bob@h", "swml": "sections: {main: [answer]}"}
EVERY = ["queued", "initiated", "created", "ringing", "answered", "ending", "ended"]


class FakeNode:
    """A switch that takes orders, and says what it is told to say."""

    def __init__(self, _host, _port, _password, *, on_event, on_up, filters, **_):
        self.name, self.address, self.up = "fs1", "h:1", True
        self.our_host = "10.0.0.9"
        self.filters = dict(filters)
        self.done = []
        self.there = "true"
        self.failure = None
        self._on_event, self._on_up = on_event, on_up

    def start(self):
        self._on_up(self)

    def api(self, command):
        self.done.append(command.decode())
        if self.failure:
            raise self.failure
        return self.there if b"uuid_exists" in command else "+OK"

    def say(self, name, uuid, **headers):
        lines = [f"Event-Name: {name}", f"Unique-ID: {uuid}"]
        lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
        body = headers.pop("body", "")
        self._on_event(Event("\n".join(lines).encode() + b"\n", body.encode()))

    def answer(self, uuid, text):
        self._on_event(
            Event(f"Event-Name: {ringing.JOB}\nJob-UUID: {uuid}\n".encode(), text.encode())
        )

    def come_back(self):
        self._on_up(self)


class World:
    def __init__(self, tmp_path, **settings):
        self.store = Store.open(f"sqlite:///{tmp_path}/adapter.db")
        node = {"password": "secret"}
        self.settings = Settings(nodes=settings.pop("nodes", [node]), gateway="gw", **settings)
        self.running = RunningCalls()
        self.dialler = Dialler(
            self.settings,
            self.running,
            store=self.store,
            held=HeldWrites(self.store),
            outbox=Outbox(),
        )
        self.commander = Commander(self.running, known=self.store.call_log)
        self.documents = DocumentCache(methods.catalog())
        self.project = self.settings.default_project

    @property
    def node(self):
        return self.dialler._lines[0].node

    def dial(self, **changes):
        params = {name: value for name, value in (GOOD | changes).items() if value is not None}

        def read(text, name):
            return self.documents.load(text, name=name)

        return dial(self.dialler, read, self.project, params)["id"]

    def command(self, call_id, name, **params):
        return self.commander.run(self.project.id, call_id, name, params)

    def told(self):
        return [
            (body["params"]["call_state"], body["params"]["end_reason"])
            for body in (json.loads(row.body) for row in self.store.callbacks())
        ]

    @staticmethod
    def wait(look):
        with gevent.Timeout(5):
            while not look():
                gevent.sleep(0.002)

    def wait_told(self, *states):
        self.wait(lambda: [state for state, _ in self.told()] == list(states))


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "Node", FakeNode)
    made = World(tmp_path)
    yield made
    made.store.close()


WATCH = {"status_url": "http://h/s", "status_events": EVERY}


def test_every_state_is_told_until_somebody_answers(world):
    call_id = world.dial(**WATCH)
    order = world.node.done[0]
    assert order.startswith("bgapi originate {ignore_early_media=true,originate_timeout=70}[^^;")
    assert f"\nJob-UUID: {call_id}\n\n" in order
    assert order.count(r"socket:127.0.0.1:8084\sasync\sfull") == 62
    assert world.node.filters["variable_swml_dialler"] in order
    for name in ("CHANNEL_ORIGINATE", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA"):
        world.node.say(name, call_id)
    world.wait_told("queued", "initiated", "created", "ringing")
    assert world.store.call_log(call_id).state == "ringing"
    world.node.say("CHANNEL_ANSWER", call_id)
    world.wait(lambda: world.running.ringing(call_id) is None)
    world.node.say("CHANNEL_HANGUP", call_id)  # its session tells that
    assert len(world.told()) == 4
    position = world.store.call(call_id)
    assert position.state["status"]["url"] == "http://h/s"
    assert world.store.document(position.state["dialled"]["document"]) is not None


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("USER_BUSY", "busy"),
        ("NO_ANSWER", "noAnswer"),
        ("CALL_REJECTED", "decline"),
        ("ORIGINATOR_CANCEL", "cancel"),
        ("UNALLOCATED_NUMBER", "error"),
        ("NORMAL_CLEARING", "hangup"),
    ],
)
def test_the_end_before_the_answer_says_why(world, cause, reason):
    call_id = world.dial(status_url="http://h/s")
    world.node.say("CHANNEL_HANGUP", call_id, Hangup_Cause=cause)
    world.node.answer(call_id, f"-ERR {cause}\n")
    world.wait(lambda: world.told() == [("ended", reason)])
    row = world.store.call_log(call_id)
    assert (row.state, row.cause, row.answered_at) == ("ended", cause, None)
    with pytest.raises(CallEnded):
        world.command(call_id, "calling.end")
    assert world.store.call(call_id).ended_at


def test_a_call_that_never_had_a_channel_ends(world):
    call_id = world.dial(status_url="http://h/s")
    world.node.answer(call_id, "-ERR GATEWAY_DOWN\n")
    world.wait(lambda: world.told() == [("ended", "error")])


def test_who_rings_too_long_is_given_up(world, monkeypatch):
    call_id = world.dial(status_url="http://h/s")
    rings = world.running.ringing(call_id)
    rings._gone_by = time.monotonic()
    rings.look()
    world.wait(lambda: f"api uuid_kill {call_id} NO_ANSWER\n\n" in world.node.done)
    world.node.say("CHANNEL_HANGUP", call_id, Hangup_Cause="NO_ANSWER")
    world.wait(lambda: world.told() == [("ended", "noAnswer")])


def test_what_happened_while_the_switch_was_away_is_asked_for(world):
    there, gone = world.dial(**WATCH), world.dial(status_url="http://h/gone")
    world.node.come_back()
    world.wait(lambda: sum("uuid_exists" in each for each in world.node.done) == 2)
    assert world.running.ringing(there)
    world.node.there = "false"
    world.running.ringing(gone).look()
    world.wait(lambda: world.store.call_log(gone).state == "ended")


def test_a_switch_that_stays_away_is_waited_for_no_longer_than_a_minute(world):
    call_id = world.dial(status_url="http://h/s")
    rings = world.running.ringing(call_id)
    world.node.failure = ConnectionLost("away")
    rings.look()
    world.wait(lambda: "uuid_exists" in world.node.done[-1])
    assert world.running.ringing(call_id)
    rings._waits_until = 0
    rings.look()
    world.wait(lambda: world.told() == [("ended", "error")])


def test_a_call_is_canceled_before_it_has_a_channel(world):
    call_id = world.dial(status_url="http://h/s")
    world.node.failure = CommandFailed("uuid_kill", "No such channel!")
    ending = gevent.spawn(world.command, call_id, "update", id=call_id, status="canceled")
    world.wait(lambda: "uuid_kill" in world.node.done[-1])
    world.node.failure = None
    world.node.say("CHANNEL_ORIGINATE", call_id)
    world.wait(lambda: sum("ORIGINATOR_CANCEL" in each for each in world.node.done) == 2)
    world.node.say("CHANNEL_HANGUP", call_id, Hangup_Cause="ORIGINATOR_CANCEL")
    assert ending.get(timeout=5)["status"] == "ended"
    assert world.told() == [("ended", "cancel")]


def test_what_cannot_be_done_to_a_ringing_call_is_refused(world):
    call_id = world.dial()
    for name, params in (("calling.play", {"play": []}), ("calling.record", {})):
        with pytest.raises(NotPossible):
            world.command(call_id, name, **params)
    with pytest.raises(Invalid) as refused:
        world.command(call_id, "update", id=call_id, swml="sections: {main: [answer]}")
    assert refused.value.code == "cannot_redirect_not_in_progress"
    world.command(call_id, "update", id=call_id, status_url="http://h/new")
    assert world.store.call(call_id).state["status"] == {
        "url": "http://h/new",
        "states": ["ended"],
        "form": None,
    }


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"to": None}, ("missing_required_parameter", "to")),
        ({"from": None}, ("missing_required_parameter", "from")),
        ({"swml": None}, ("missing_required_parameter", "url")),
        ({"swml": "["}, ("invalid_parameter", "swml")),
        ({"url": "http://h/"}, ("invalid_parameter", "swml")),
        ({"swml": None, "url": "ftp://h/"}, ("invalid_parameter", "url")),
        (
            {"swml": None, "url": "http://h/", "fallback_url": "x"},
            ("invalid_parameter", "fallback_url"),
        ),
        ({"swml": None, "url": "file:///etc/passwd"}, ("invalid_parameter", "url")),
        ({"url_method": "PUT"}, ("invalid_parameter", "url_method")),
        ({"status_url": "h"}, ("invalid_parameter", "status_url")),
        ({"status_events": ["dead"]}, ("invalid_parameter", "status_events[0]")),
        ({"timeout": 0}, ("invalid_parameter", "timeout")),
        ({"to": "loopback/1"}, ("invalid_parameter", "to")),
        ({"to": "user/1000"}, ("invalid_parameter", "to")),
        ({"to": "1;fs_path=x"}, ("invalid_parameter", "to")),
        ({"from": "a b<c>"}, ("invalid_parameter", "from")),
        ({"from": "1", "codecs": "PCMU;x=y"}, ("invalid_parameter", "codecs")),
        ({"headers": [{"name": "Via", "value": "x"}]}, ("invalid_parameter", "headers")),
        (
            {"headers": [{"name": "X-A", "value": "${system(x)}"}]},
            ("invalid_parameter", "headers"),
        ),
        ({"send_digits": "1,2"}, ("invalid_parameter", "send_digits")),
        ({"custom_variables": [1]}, ("invalid_parameter", "custom_variables")),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_and_nothing_is_dialled(world, changes, error):
    with pytest.raises(Invalid) as refused:
        world.dial(**changes)
    assert (refused.value.code, refused.value.attribute) == error
    assert world.node.done == []
    assert world.store.call_logs(CallLogFilter()) == []


def test_there_must_be_a_switch(world, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.01)
    world.node.up = False
    with pytest.raises(Unavailable):
        world.dial()
    without = World(tmp_path, nodes=[])
    with pytest.raises(NotPossible):
        without.dial()
    without.store.close()


def test_a_call_that_the_switch_does_not_take_ends(world):
    world.node.failure = ConnectionLost("the connection ended")
    with pytest.raises(Unavailable):
        world.dial(status_url="http://h/s")
    assert world.told() == [("ended", "error")]
    assert world.running.all_ringing() == []


def test_a_store_that_is_broken_refuses_the_call(world, monkeypatch):
    def broken(*_):
        raise module.StoreError("the disk is full")

    monkeypatch.setattr(world.dialler, "_store", SimpleNamespace(commit=broken))
    with pytest.raises(Unavailable):
        world.dial()
    assert world.node.done == []


@pytest.mark.parametrize(
    ("listen", "adapter", "address"),
    [
        ("0.0.0.0:9000", None, "10.0.0.9:9000"),
        ("127.0.0.1:9000", None, "127.0.0.1:9000"),
        ("0.0.0.0:9000", "adapter.lan:7", "adapter.lan:7"),
    ],
)
def test_the_switch_is_told_where_it_finds_us(
    tmp_path, monkeypatch, world, listen, adapter, address
):
    other = World(tmp_path, nodes=[{"password": "x", "adapter": adapter}], listen=listen)
    other.dial()
    assert rf"socket:{address}\sasync\sfull" in other.node.done[0]
    other.store.close()


def test_a_document_may_be_a_file_where_the_settings_open_a_folder(tmp_path, monkeypatch, world):
    other = World(tmp_path, documents={"folder": str(tmp_path)})
    call_id = other.dial(swml=None, url="file:hello")
    assert other.store.call(call_id).state["dialled"]["url"] == "file:hello"
    other.store.close()
