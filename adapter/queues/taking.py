"""A call takes whoever has waited longest in a queue: `connect` to `queue:NAME`.

    document               here and on the switch
    connect queue:    →    the first place of the queue, taken in the store
                      →    uuid_exists of the waiting call; both go into a room of their own
                      ←    both are there: connected
      max_duration    →    conference ROOM hup all
                      ←    one of them has left: disconnected, and both documents go on

Where nobody waits, the taker waits for as long as it would let a phone ring. A call that cannot
come, since its adapter is away, keeps its place, and the next one is taken meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.connecting.outcome import Outcome
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone
from adapter.queues.kept import Kept
from adapter.queues.names import new_room
from adapter.store.errors import StoreError

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.queues.entering import Meets, Plays
    from adapter.queues.meeting import Meeting
    from adapter.queues.queues import Queues
    from adapter.store.queues import QueuedCall

log = structlog.get_logger()

ARRIVAL = 3.0
"""Seconds for the waiting call to come, which hears of it within a fraction of one."""


PASSED_OVER = 5.0
"""Seconds before a call that did not come is taken again."""


class Tells(Protocol):
    """Stores the callbacks of a connect (`adapter.connecting.telling.Teller.connect`)."""

    def __call__(self, state: str, **more: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a connect wants, and for how long."""

    queue: str
    """The queue's id."""
    name: str
    node_id: str
    taker: str
    """Names the connect, also for whoever takes its call up."""
    until: float
    """Unix seconds at which nobody is waited for any more."""
    longest: float
    """Seconds that they may talk."""


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
        self._passed_over: dict[str, float] = {}
        self._met = False

    def run(self) -> Outcome:
        """Take, talk, part. Raises `CallGone` if the call itself ended, and StoreError."""
        kept = Kept.find(self._call, self._wanted.taker)
        if kept.peer and not self._queues.holds(self._wanted.taker):
            return self._parted_without_us(kept)
        if not kept.begun:
            self._call.set_variables(kept.variables())
            self._tells("connecting")
        try:
            while (taken := self._next()) is not None:
                if self._is_there(taken) and self._meet(kept, taken):
                    return Outcome(taken.call_id)
        except CallGone:
            if not self._met and not self._call.lost:
                self._tells("failed", failed_reason="cancel")
            raise
        self._tells("failed", failed_reason="no_answer")
        return Outcome(failed_reason="no_answer")

    def _parted_without_us(self, kept: Kept) -> Outcome:
        log.info("the call has talked to a queue's while no adapter was there")
        self._call.set_variables(kept.after)
        peer = {"call_id": kept.peer, "node_id": self._wanted.node_id, **self._queue}
        self._tells("disconnected", peer=peer)
        return Outcome(kept.peer)

    # -- who it is -------------------------------------------------------------------------------

    def _next(self) -> QueuedCall | None:
        """Whose turn it is; None when nobody has come in time."""
        if (taken := self._take()) is not None:
            return taken
        with self._queues.taking(self._wanted.queue) as waiter:
            playing = self._play(waiter.news)
            try:
                return self._wait(waiter.news)
            finally:
                waiter.news.set()
                if playing is not None:
                    playing.join(timeout=self._call.deadline)

    def _play(self, until: Flag) -> gevent.Greenlet | None:
        if self._plays is None:
            return None
        playing = gevent.spawn(self._plays, until)
        playing.name = f"wait for a queue of {self._call.uuid}"
        return playing

    def _wait(self, news: Flag) -> QueuedCall | None:
        while (left := self._wanted.until - time.time()) > 0:
            self._call.wait(news, timeout=min(left, ARRIVAL), until=self._call.over)
            self._call.raise_if_gone()
            news.clear()
            if (taken := self._take()) is not None:
                return taken
        return None

    def _take(self) -> QueuedCall | None:
        wanted, now = self._wanted, time.monotonic()
        return self._queues.take(
            queue=wanted.queue,
            node_id=wanted.node_id,
            taker=wanted.taker,
            room=new_room(),
            passed_over=[stay for stay, until in self._passed_over.items() if until > now],
        )

    def _is_there(self, taken: QueuedCall) -> bool:
        """One that the switch does not know has hung up while its adapter was away."""
        if self._call.api(commands.exists(taken.call_id)) == "true":
            return True
        self._queues.leave(taken.id, though_taken=True)
        return False

    # -- together --------------------------------------------------------------------------------

    def _meet(self, kept: Kept, taken: QueuedCall) -> bool:
        self._call.set_variables(kept.variables(taken.call_id))
        meeting = self._meets(taken.room or "", partial(self._on_met, taken))
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

    def _after(self, meeting: Meeting, taken: QueuedCall) -> None:
        """However it ended. A call that only lost us comes back to it."""
        if self._call.lost:
            return
        self._met = meeting.met
        if meeting.met:
            self._tells("disconnected", peer=self._peer(taken), ended_by=self._ended_by(meeting))
            return
        self._passed_over[taken.id] = time.monotonic() + PASSED_OVER
        self._queues.put_back(taken)

    def _ended_by(self, meeting: Meeting) -> str:
        if meeting.parted:
            return "command"
        return "limit" if meeting.too_long else "call" if self._call.gone else "peer"

    @property
    def _queue(self) -> Mapping[str, str]:
        return {"queue_id": self._wanted.queue, "queue_name": self._wanted.name}

    def _peer(self, taken: QueuedCall) -> dict[str, Any]:
        ids = {"call_id": taken.call_id, "node_id": taken.node_id}
        return {**ids, **self._queue, "device": taken.facts["device"]}
