"""The queues, as one process works with them.

Whoever waits here, for an agent or for a caller, is told of news by one greenlet: it asks the
store a few times a second, one question for all, since the news may come from another process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.queues.switches import Switches
from adapter.queues.telling import QueueTeller
from adapter.store import queues
from adapter.store.errors import StoreError
from adapter.store.queues import Place, QueuedCall
from adapter.store.store import Store

log = structlog.get_logger()

MOST = 1000
"""Calls in one queue; one more is refused."""

LOOK_SECONDS = 0.25
"""How late anybody may hear of news from another process."""

SEEN_SECONDS = 15.0
"""How often a process says that its calls still wait."""

STALE_SECONDS = 120.0
"""Whose process says nothing for so long is out of the queue: a call comes back before that."""


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody of this process who waits: a call in a queue, or a connect for a caller."""

    name: str
    """The stay's id, or the queue's."""

    news: Flag = field(default_factory=Flag)
    room: str = ""
    """Of a call that was taken: where its taker is."""


class Queues:
    """The queues in the store, and those of this process who wait."""

    def __init__(
        self, store: Store, teller: QueueTeller, worker: str, switches: Switches | None = None
    ) -> None:
        """`switches` are the others, whose calls can be taken too."""
        self.worker = worker
        self.switches = switches or Switches({})
        self._store = store
        self._teller = teller
        self._calls: dict[str, Waiter] = {}
        self._expecting: dict[str, tuple[str, Callable[[], None]]] = {}
        self._takers: set[Waiter] = set()
        self._looking: gevent.Greenlet | None = None
        self._seen_at = 0.0

    # -- a call that waits -----------------------------------------------------------------------

    def enter(self, call: QueuedCall) -> Place | None:
        """Come in, or come back; None when the queue is full. Raises StoreError."""
        place = self._store.change(partial(queues.enter, call=call, most=MOST))
        if place is not None and place.new:
            self._teller.enqueued(place)
            self._tell_takers({call.queue})
        return place

    def leave(self, stay: str, *, though_taken: bool = False) -> bool:
        """Go without having been served; False when it was taken in this moment, or is gone."""
        place = self._store.change(partial(queues.leave, stay=stay, though_taken=though_taken))
        if place is not None:
            self._teller.left(place)
        return place is not None

    @contextmanager
    def waiting(self, stay: str) -> Iterator[Waiter]:
        """While it lasts, the call is told when somebody takes it."""
        waiter = self._calls[stay] = Waiter(stay)
        self._look_now()
        try:
            yield waiter
        finally:
            del self._calls[stay]

    @contextmanager
    def expecting(self, stay: str, room: str, give_up: Callable[[], None]) -> Iterator[None]:
        """While it lasts, and until the call is served, `give_up` is called once it is put back:
        then nobody comes to it in this room."""
        self._expecting[stay] = room, give_up
        self._look_now()
        try:
            yield
        finally:
            self._expecting.pop(stay, None)

    def call_off(self, stay: str) -> bool:
        """Have a call of this process wait no more, as when its time is over; False where it does
        not wait."""
        waiter = self._calls.get(stay)
        if waiter is not None:
            waiter.news.set()
        return waiter is not None

    # -- somebody who takes calls ----------------------------------------------------------------

    def take(
        self, *, queue: str, node_id: str, taker: str, room: str, passed_over: Sequence[str] = ()
    ) -> QueuedCall | None:
        """The call whose turn it is, none of those passed over; None when nobody else waits.

        `node_id` is the taker's switch: who waits there, or on one that it can call, is taken.
        """
        call: QueuedCall | None = self._store.change(
            partial(
                queues.take,
                queue=queue,
                nodes=[node_id, *self.switches.reachable(node_id)],
                taker=taker,
                room=room,
                passed_over=passed_over,
            )
        )
        if call is not None and (waiter := self._calls.get(call.id)) is not None:
            _tell(waiter, call.room or room)
        return call

    @contextmanager
    def taking(self, queues: Iterable[str]) -> Iterator[Flag]:
        """While it lasts, the flag is set when somebody waits in one of the queues."""
        news = Flag()
        takers = {Waiter(queue, news) for queue in queues}
        self._takers |= takers
        self._look_now()
        try:
            yield news
        finally:
            self._takers -= takers

    def serve(self, stay: str) -> None:
        """The two have met; it may be said twice."""
        self._expecting.pop(stay, None)
        place = self._store.change(partial(queues.serve, stay=stay, now=time.time()))
        if place is not None:
            self._teller.served(place)

    def put_back(self, call: QueuedCall) -> None:
        """The two did not meet: the call waits on, at its place."""
        self._store.change(partial(queues.put_back, stay=call.id, taker=call.taker or ""))
        self._tell_takers({call.queue})

    def held_by(self, taker: str) -> QueuedCall | None:
        """The call that somebody has taken and not met yet."""
        return self._store.ask(partial(queues.held_by, taker=taker))

    def find(self, stay: str) -> QueuedCall | None:
        """A call that is in a queue, taken or not."""
        return self._store.ask(partial(queues.find, stay=stay))

    # -- news ------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.kill()

    def _look_now(self) -> None:
        if self._looking is None or self._looking.dead:
            self._looking = gevent.spawn(self._look)
            self._looking.name = "queues"

    def _look(self) -> None:
        while self._calls or self._takers or self._expecting:
            try:
                self._look_once()
            except StoreError as error:
                log.warning("nobody knows what happens in the queues", reason=str(error))
            gevent.sleep(LOOK_SECONDS)

    def _look_once(self) -> None:
        if self._calls or self._expecting:
            taken = self._store.ask(partial(queues.taken, worker=self.worker))
            self._tell_calls(taken)
            self._tell_expecting(taken)
        if wanted := sorted({taker.name for taker in self._takers}):
            self._tell_takers(self._store.ask(partial(queues.waited_in, queues=wanted)))
        if time.monotonic() - self._seen_at > SEEN_SECONDS:
            self._seen_at = time.monotonic()
            self._say_who_waits()

    def _say_who_waits(self) -> None:
        now = time.time()
        stays = list(self._calls)
        gone = self._store.change(
            partial(queues.seen, stays=stays, now=now, stale=now - STALE_SECONDS)
        )
        for place in gone:
            log.warning("a call was lost in its queue", call_id=place.call.call_id)
            self._teller.left(place)

    def _tell_calls(self, taken: dict[str, str]) -> None:
        for stay, room in taken.items():
            with suppress(KeyError):
                _tell(self._calls[stay], room)

    def _tell_expecting(self, taken: dict[str, str]) -> None:
        """Who is no more among those taken was served in this moment, or put back."""
        for stay, (room, give_up) in list(self._expecting.items()):
            if taken.get(stay) == room:
                continue
            found = self.find(stay)
            if found is not None and found.room != room:
                self._expecting.pop(stay, None)
                give_up()

    def _tell_takers(self, queues_with_calls: set[str]) -> None:
        for taker in self._takers:
            if taker.name in queues_with_calls:
                taker.news.set()


def _tell(waiter: Waiter, room: str) -> None:
    waiter.room = room
    waiter.news.set()
