"""A call takes whoever has waited longest in a queue: `connect` to `queue:NAME`.

    document               here and on the switch
    connect queue:    →    the first place of the queue, taken in the store
                      →    uuid_exists of the waiting call; both go into a room of their own
                      ←    both are there: connected
      max_duration    →    conference ROOM hup all
                      ←    one of them has left: disconnected, and both documents go on

Who waits on another switch is met by a SIP call between the two (`adapter.queues.hop`).

Where nobody waits, the taker waits for as long as it would let a phone ring. A call that cannot
come, since its adapter is away, keeps its place, and the next one is taken meanwhile.

Where phones ring at the same time (`beside`), they are given up before the two go into the room,
and ring again where the one that was taken does not come (`meet`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.connecting.outcome import Outcome
from adapter.freeswitch.errors import CallGone
from adapter.greenlets import spawn
from adapter.queues.kept import QUEUE_VARIABLE, Kept
from adapter.queues.search import Phones, Search, Wanted
from adapter.store.errors import StoreError

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.queues.entering import Plays
    from adapter.queues.queues import Queues
    from adapter.store.queues import QueuedCall

log = structlog.get_logger()

ARRIVAL = 3.0
"""Seconds for the waiting call to come, which hears of it within a fraction of one."""


class Together(Protocol):
    """The taker's part in meeting one: a `Meeting`, or a `Hop`."""

    met: bool
    too_long: bool
    parted: bool

    def run(self, *, patience: float, longest: float) -> bool:
        """Meet, talk and part; False when they did not meet."""


Meets = Callable[["QueuedCall", Callable[[], None]], Together]
"""Makes a meeting with one who was taken, with what is to be done when both are there."""


class Tells(Protocol):
    """Stores the callbacks of a connect (`adapter.connecting.telling.Teller.connect`)."""

    def __call__(self, state: str, **more: Any) -> None: ...


class Taking:
    """One connect to a queue."""

    def __init__(
        self,
        call: Call,
        queues: Queues,
        wanted: Wanted,
        *,
        meets: Meets,
        plays: Plays | None,
        tells: Tells,
    ) -> None:
        """`plays`: what is heard while nobody waits; None: the call is not answered yet."""
        self._call = call
        self._queues = queues
        self._wanted = wanted
        self._meets = meets
        self._plays = plays
        self._tells = tells
        self._search = Search(call, queues, wanted)
        self._met = False

    def run(self) -> Outcome:
        """Take, talk, part. Raises `CallGone` if the call itself ended, and StoreError."""
        kept = Kept.find(self._call, self._wanted.taker)
        if kept.peer and self._queues.held_by(self._wanted.taker) is None:
            return self._parted_without_us(kept)
        if not kept.begun:
            self._call.set_variables(kept.variables())
            self._tells("connecting")
        with self._giving_up():
            while (taken := self._next()) is not None:
                if self._comes(kept, taken):
                    return Outcome(taken.call_id)
        self._tells("failed", failed_reason="no_answer")
        return Outcome(failed_reason="no_answer")

    def meet(self) -> Outcome:
        """Meet who was taken while phones rang (`found`). One that does not come keeps its place,
        and the phones may ring again."""
        kept = Kept(self._wanted.taker)
        self._call.set_variables(kept.variables())
        with self._giving_up():
            taken = self._search.take()
            if taken is not None and self._comes(kept, taken):
                return Outcome(taken.call_id)
        self._call.set_variables({QUEUE_VARIABLE: ""})
        return Outcome(failed_reason="no_answer")

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        try:
            yield
        except CallGone:
            if not self._met and not self._call.lost:
                self._tells("failed", failed_reason="cancel")
            raise

    def _comes(self, kept: Kept, taken: QueuedCall) -> bool:
        return self._search.is_there(taken) and self._meet(kept, taken)

    @property
    def found(self) -> bool:
        """Whether phones have just given way for somebody who is to be met."""
        return self._search.found

    def beside(self, phones: Phones) -> AbstractContextManager[None]:
        """While it lasts, the first who comes is taken and the phones give way; then `meet` meets
        who was taken. If it is left by an exception, whoever was taken waits on."""
        return self._search.beside(phones)

    @property
    def too_late(self) -> bool:
        """Whether nobody was taken meanwhile, and nobody is waited for any more."""
        return self._search.over

    def _parted_without_us(self, kept: Kept) -> Outcome:
        log.info("the call has talked to a queue's while no adapter was there")
        self._call.set_variables(kept.after)
        ids = {"call_id": kept.peer, "node_id": kept.node or self._wanted.node_id}
        self._tells("disconnected", peer={**ids, **self._named(kept.queue)})
        return Outcome(kept.peer)

    # -- who it is -------------------------------------------------------------------------------

    def _next(self) -> QueuedCall | None:
        """Whose turn it is; None when nobody has come in time."""
        if (taken := self._search.take()) is not None:
            return taken
        with self._search.news() as news:
            playing = self._play(news)
            try:
                return self._search.wait(news)
            finally:
                news.set()
                if playing is not None:
                    playing.join(timeout=self._call.deadline)

    def _play(self, until: Flag) -> gevent.Greenlet | None:
        if self._plays is None:
            return None
        return spawn(self._plays, until, name=f"wait for a queue of {self._call.uuid}")

    # -- together --------------------------------------------------------------------------------

    def _meet(self, kept: Kept, taken: QueuedCall) -> bool:
        self._call.set_variables(kept.variables(taken.call_id, taken.queue, taken.node_id))
        meeting = self._meets(taken, partial(self._on_met, taken))
        try:
            meeting.run(patience=ARRIVAL, longest=self._wanted.longest)
        finally:
            self._after(meeting, taken)
        if not meeting.met:
            self._call.set_variables({**kept.variables(), **kept.after})
        return meeting.met

    def _on_met(self, taken: QueuedCall) -> None:
        self._tells("connected", peer=self._peer(taken))
        try:
            self._queues.serve(taken.id)
        except StoreError as error:
            log.warning("a served call stands in its queue", reason=str(error))

    def _after(self, meeting: Together, taken: QueuedCall) -> None:
        """However it ended. A call that only lost us comes back to it."""
        if self._call.lost:
            return
        self._met = meeting.met
        if meeting.met:
            self._tells("disconnected", peer=self._peer(taken), ended_by=self._ended_by(meeting))
            return
        self._search.pass_over(taken)

    def _ended_by(self, meeting: Together) -> str:
        if meeting.parted:
            return "command"
        return "limit" if meeting.too_long else "call" if self._call.gone else "peer"

    def _named(self, queue: str) -> dict[str, str]:
        names = {line.queue: line.name for line in self._wanted.lines}
        return {"queue_id": queue, "queue_name": names[queue]} if queue in names else {}

    def _peer(self, taken: QueuedCall) -> dict[str, Any]:
        ids = {"call_id": taken.call_id, "node_id": taken.node_id}
        return {**ids, **self._named(taken.queue), "device": taken.facts["device"]}
