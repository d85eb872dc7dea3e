"""A queue beside phones: who is first has the call, and who was taken for nothing waits on."""

from contextlib import contextmanager

import gevent
import pytest
from gevent.event import Event as Flag

from adapter.connecting.bridge import Bridge
from adapter.connecting.confirming import Script
from adapter.connecting.kept import Connect
from adapter.connecting.plan import Plan, PlannedLeg
from adapter.connecting.telling import Teller
from adapter.freeswitch.errors import CallGone
from adapter.freeswitch.wire import Event
from adapter.identity import CallIdentity
from adapter.patience import Awaited
from adapter.queues.search import Line, Search, Wanted
from adapter.store.errors import StoreError
from adapter.store.queues import QueuedCall

FOREVER = 1e12


class Call:
    """Answers whatever it is told, and knows every call."""

    uuid = "taker"
    deadline = 5.0
    gone = None
    lost = False

    def __init__(self) -> None:
        self.over = Flag()
        self.told: list[bytes] = []

    def api(self, *commands: bytes) -> str:
        self.told += commands
        return "true"

    def wait(self, awaited: Awaited, *, timeout: float | None, until: Flag) -> bool:
        return bool(gevent.wait([awaited, until], timeout=timeout, count=1))

    def raise_if_gone(self) -> None:
        pass


class Queues:
    """One queue, with at most one call in it."""

    def __init__(self) -> None:
        self.waiting: QueuedCall | None = None
        self.takes = 0
        self.put: list[str] = []
        self.asked: dict[str, object] = {}
        self.news = Flag()

    def enter(self, name: str = "stay") -> None:
        self.waiting = QueuedCall(
            id=name,
            queue="q",
            node_id="n",
            call_id="caller",
            worker="w",
            entered_at=0.0,
            seen_at=0.0,
            room="~queue-room",
            facts={},
        )
        self.news.set()

    def take(self, **asked: object) -> QueuedCall | None:
        self.takes += 1
        self.asked = asked
        return self.waiting

    def held_by(self, _: str) -> QueuedCall | None:
        return self.waiting

    def put_back(self, call: QueuedCall) -> None:
        self.put.append(call.id)
        self.waiting = None

    @contextmanager
    def taking(self, _: list[str]):
        yield self.news


class Phones:
    """They ring until somebody says otherwise."""

    def __init__(self, *, reached: bool = False, gives_way: bool = True) -> None:
        self.reached = reached
        self.asked = Flag()
        self._gives_way = gives_way

    def give_way(self) -> bool:
        self.asked.set()
        return self._gives_way


@pytest.fixture
def queues() -> Queues:
    return Queues()


def search(queues: Queues, until: float = FOREVER) -> Search:
    return Search(Call(), queues, Wanted([Line("q", "sales", until)], "n", "taker", 60.0))


def test_who_waits_is_taken_before_a_phone_rings(queues):
    queues.enter()
    phones = Phones()
    looking = search(queues, until=0.0)
    with looking.beside(phones):
        assert phones.asked.is_set()
    assert queues.put == []
    assert not looking.over, "it is to be met, though its time is over"


def test_who_comes_while_they_ring_is_taken(queues):
    phones = Phones()
    with search(queues).beside(phones):
        queues.enter()
        assert phones.asked.wait(5)
    assert queues.put == []


def test_a_phone_that_answers_in_the_same_moment_has_the_call(queues):
    phones = Phones(gives_way=False)
    looking = search(queues, until=0.0)
    queues.enter()
    with looking.beside(phones):
        assert phones.asked.is_set()
    assert queues.put == ["stay"]
    assert looking.over


def test_nobody_is_taken_once_a_phone_has_answered(queues):
    phones = Phones(reached=True)
    with search(queues).beside(phones):
        queues.enter()
    assert queues.takes == 1, "only before the phones rang"
    assert not phones.asked.is_set()


def test_phones_ring_though_nobody_knows_who_waits(queues, monkeypatch):
    def fail(**_):
        raise StoreError("the disk is full")

    monkeypatch.setattr(queues, "take", fail)
    rang = False
    with search(queues).beside(Phones()):
        rang = True
    assert rang


def test_who_was_taken_waits_on_if_the_call_itself_ends(queues):
    queues.enter()

    def ends() -> None:
        with search(queues).beside(Phones()):
            raise CallGone("hangup")

    with pytest.raises(CallGone):
        ends()
    assert queues.put == ["stay"]


def test_no_phone_gives_way_twice_for_one_that_does_not_come(queues):
    queues.enter()
    looking = search(queues, until=0.0)
    with looking.beside(Phones()):
        assert looking.found
    looking.pass_over(queues.waiting)
    assert not looking.found
    assert queues.put == ["stay"]
    with looking.beside(Phones()):
        assert "stay" in queues.asked["passed_over"]
    looking._passed_over.clear()  # its time is over
    looking.take()
    assert queues.asked["passed_over"] == [], "without phones it may be had again"


def test_what_is_left_of_a_plan():
    legs = [
        PlannedLeg(uuid=str(seconds), endpoint="e", device={}, timeout=seconds)
        for seconds in (3, 20)
    ]
    plan = Plan([legs[:1], legs], max_duration=60)
    left = plan.after(4.5).groups
    assert [[leg.timeout for leg in group] for group in left] == [[16]]
    assert plan.after(0.0).groups == [legs[:1], legs]
    assert plan.after(20).groups == []


# -- the legs ------------------------------------------------------------------------------------


def bridge(**details: object) -> Bridge:
    leg = PlannedLeg(**{"uuid": "leg", "endpoint": "e", "device": {}, "timeout": 20, **details})
    identity = CallIdentity("c", "n", "e", "p", "s")
    return Bridge(
        Call(),
        Plan([[leg]], max_duration=60),
        Teller(lambda *_, **__: None, identity, None),
        connect=Connect("name", 1, ""),
        script=Script("c", "s", "p"),
    )


def answered(uuid: str) -> Event:
    return Event(f"Event-Name: CHANNEL_ANSWER\nUnique-ID: {uuid}\n\n".encode())


def test_legs_that_give_way_at_once_are_not_called():
    made = bridge()
    assert made.give_way()
    assert made.run().failed_reason == "cancel"


@pytest.mark.parametrize(
    ("confirm", "gives_way"), [("", False), ("main[0].confirm", True)], ids=["plain", "asked"]
)
def test_a_leg_that_has_answered_gives_no_way(confirm, gives_way):
    """Also where nobody has looked at the event yet; one that is still asked has not accepted."""
    made = bridge(confirm=confirm)
    made._put(answered("leg"))
    assert made.give_way() is gives_way
    assert made.reached is not gives_way
