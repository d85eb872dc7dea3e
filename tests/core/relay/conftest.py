"""A RELAY client without a network: what it sends is put into a queue, what it gets comes out."""

import json

import gevent
import pytest
from gevent.queue import Queue

from adapter.config import Project
from adapter.control.errors import UnknownCall
from adapter.relay.client import Client
from adapter.relay.clients import Clients
from adapter.relay.commands import Dispatcher
from adapter.relay.exchange import Exchange
from adapter.web.auth import Gate

PROJECT, TOKEN, DEADLINE = "one", "PT-core-tests-relay", 5


class Bus:
    """The other workers, by their names: exchanges that answer at once."""

    def __init__(self):
        self.others = {}

    def peers(self):
        return list(self.others)

    def tell(self, peer, _kind, body):
        self.others[peer].answer(json.loads(json.dumps(body)))

    def ask_all(self, _kind, body, _deadline):
        for other in self.others.values():
            gevent.sleep(0)
            yield other.answer(json.loads(json.dumps(body)))


class Calls:
    """Takes every command to its own calls, and is slow at one named `slow`."""

    all_names = frozenset({"calling.answer", "calling.play", "calling.fail"})

    def __init__(self):
        self.done = []
        self.go_on = gevent.event.Event()

    def run(self, project_id, call_id, name, params, /, *, by=""):
        if project_id != PROJECT:
            raise UnknownCall
        if name == "calling.fail":
            raise RuntimeError("a fault of ours")
        if call_id == "slow":
            self.go_on.wait(DEADLINE)
        self.done.append((call_id, name, params, by))
        return {}


class Line:
    """The client's end of the connection; a socket to us at the other."""

    def __init__(self):
        self._to_us, self._to_them = Queue(), Queue()
        self.closed = None

    # -- ours
    def receive(self, seconds):
        try:
            return self._to_us.get(timeout=seconds)
        except gevent.queue.Empty:
            raise TimeoutError from None

    def send(self, text):
        self._to_them.put(text)

    def close(self, code=1000, reason=""):
        self.closed = self.closed or code
        self._to_us.put(None)

    def abort(self):
        self.close(1006)

    # -- theirs
    def say(self, frame):
        self._to_us.put(frame if isinstance(frame, str) else json.dumps(frame))

    def ask(self, method, frame_id="q", **params):
        self.say({"jsonrpc": "2.0", "id": frame_id, "method": method, "params": params})
        return self.next()

    def next(self):
        return json.loads(self._to_them.get(timeout=DEADLINE))

    def hang_up(self):
        self._to_us.put(None)


class Worker:
    """One process's part: its clients and its exchange."""

    def __init__(self):
        self.bus, self.clients, self.calls = Bus(), Clients(), Calls()
        self.exchange = Exchange(self.clients, self.bus)
        self.gate = Gate(
            [Project(id=PROJECT, token=TOKEN), Project(id="two", token=TOKEN + "-two")]
        )

    def connect(self):
        """A connection that has not logged in."""
        line = Line()
        client = Client(
            line,
            gate=self.gate,
            clients=self.clients,
            exchange=self.exchange,
            dispatcher=Dispatcher(self.calls),
            login_seconds=0.5,
        )
        line.served = gevent.spawn(client.run)
        return line

    def log_in(self, project=PROJECT, token=TOKEN, **more):
        """A connection that has."""
        line = self.connect()
        who = {"project": project, "token": token}
        line.welcome = line.ask("signalwire.connect", authentication=who, **more)
        return line


@pytest.fixture
def worker():
    return Worker()


@pytest.fixture
def two_workers():
    one, other = Worker(), Worker()
    one.bus.others["other"], other.bus.others["one"] = other.exchange, one.exchange
    return one, other
