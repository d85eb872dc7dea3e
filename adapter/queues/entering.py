"""A call waits in a queue until somebody takes it, its time is over, or it goes.

    document                    here and on the switch
    enter_queue            →    uuid_answer; the queue's next place, in the store
      wait_url             →    playback …, until somebody has taken it
    connect queue: of      →    the place is theirs; both go into a room of their own
      another call
                           →    the place is given up when they have met
      wait_time            →    or when it is over

If our process dies, the call comes back over the dialplan and keeps its place; one that talks
talks on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from gevent.event import Event as Flag

from adapter.greenlets import spawn
from adapter.queues.kept import Kept
from adapter.store.errors import StoreError

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.queues.meeting import Meeting
    from adapter.queues.queues import Queues, Waiter
    from adapter.store.queues import Place, QueuedCall

log = structlog.get_logger()

ARRIVAL = 5.0
"""Seconds alone in the room, before the call waits again."""

Meets = Callable[[str, Callable[[], None]], "Meeting"]
"""Makes a meeting in a room, with what is to be done when both are there."""

Plays = Callable[[Flag], None]
"""Plays what is heard meanwhile until the flag is set."""


class QueueFull(Exception):
    """There are as many calls in the queue as there may be."""


@dataclass(frozen=True, slots=True)
class Waited:
    """How it went: `connected` or `timeout`; the place is None where nobody knows it any more."""

    result: str
    seconds: float
    place: Place | None


class Entering:
    """One call's stay in a queue."""

    def __init__(
        self,
        call: Call,
        queues: Queues,
        place: QueuedCall,
        *,
        meets: Meets,
        plays: Plays,
        tells: Callable[[str, Place], None],
    ) -> None:
        """`tells` hears of `enqueue`, `dequeue` and `leave`, for those who have the call."""
        self._call = call
        self._queues = queues
        self._own = place
        self._meets = meets
        self._plays = plays
        self._tells = tells
        self._place: Place | None = None
        self._met = False

    def run(self, seconds: float) -> Waited:
        """Wait so many seconds at most. Raises `CallGone`, `QueueFull` and `StoreError`."""
        kept = Kept.find(self._call, self._own.id)
        if kept.peer and self._queues.find(self._own.id) is None:
            log.info("the call was served while no adapter was there")
            self._call.set_variables(kept.after)
            return Waited("connected", self._seconds, None)
        place = self._queues.enter(self._own)
        if place is None:
            raise QueueFull(f"{self._own.facts['name'][:60]}: the queue is full")
        self._own, self._place = place.call, place
        if place.new:
            self._tells("enqueue", place)
        self._call.set_variables(kept.variables())
        try:
            return Waited(self._stay(kept, seconds), self._seconds, place)
        finally:
            self._go()

    @property
    def _seconds(self) -> float:
        return max(0.0, time.time() - self._own.entered_at)

    def _stay(self, kept: Kept, seconds: float) -> str:
        while True:
            with self._queues.waiting(self._own.id) as waiter:
                self._listen_until(waiter, self._own.entered_at + seconds)
            if not waiter.room and self._queues.leave(self._own.id):
                self._tell("leave")
                return "timeout"
            room = waiter.room or self._room()
            if room and self._meet(kept, room):
                return "connected"

    def _room(self) -> str:
        """Somebody took it in the very moment in which its time was over."""
        found = self._queues.find(self._own.id)
        return (found.room if found else None) or ""

    def _listen_until(self, waiter: Waiter, end: float) -> None:
        playing = spawn(self._plays, waiter.news, name=f"queue of {self._call.uuid}")
        try:
            self._call.wait(waiter.news, timeout=max(0.0, end - time.time()), until=self._call.over)
            self._call.raise_if_gone()
        finally:
            waiter.news.set()
            playing.join(timeout=self._call.deadline)

    def _meet(self, kept: Kept, room: str) -> bool:
        """False when the other one did not come: then it waits on."""
        self._call.set_variables(kept.variables(room))
        meeting = self._meets(room, self._serve)
        try:
            with self._queues.expecting(self._own.id, room, meeting.give_up):
                meeting.run(patience=ARRIVAL)
        finally:
            self._met = self._met or meeting.met
        if self._met or (found := self._queues.find(self._own.id)) is None:
            self._met = True
            return True
        log.warning("the call waits on: nobody came to it", room=room)
        self._call.set_variables({**kept.variables(), **kept.after})
        if found.room == room:
            self._queues.put_back(found)
        return False

    def _tell(self, status: str) -> None:
        if self._place is not None:
            self._tells(status, self._place)

    def _serve(self) -> None:
        self._met = True
        self._tell("dequeue")
        try:
            self._queues.serve(self._own.id)
        except StoreError as error:
            log.warning("a served call stands in its queue", reason=str(error))

    def _go(self) -> None:
        """However it ended: nobody waits who does not. A call that only lost us comes back."""
        if self._met or self._call.lost:
            return
        try:
            self._queues.leave(self._own.id, though_taken=True)
        except StoreError as error:
            log.warning("a call that has gone stands in its queue", reason=str(error))
