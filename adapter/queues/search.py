"""Who has waited longest in a queue, or in one of several, for a connect that takes them.

Where phones ring at the same time (`beside`), somebody is taken only while none of them has
answered: who waits already before any of them rings, who comes later instead of what rings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.freeswitch import commands, conferences
from adapter.freeswitch.errors import SwitchError
from adapter.greenlets import spawn
from adapter.queues.names import new_room
from adapter.store.errors import StoreError

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.queues.queues import Queues
    from adapter.store.queues import QueuedCall

log = structlog.get_logger()

LOOK_AGAIN = 3.0
"""Seconds after which somebody is looked for though nobody said that there is one: who was passed
over may be had again."""

PASSED_OVER = 5.0
"""Seconds before a call that did not come is taken again."""


class Phones(Protocol):
    """What is tried at the same time (`adapter.connecting.bridge.Bridge`)."""

    @property
    def reached(self) -> bool:
        """Whether one has answered: then nobody is taken any more."""

    def give_way(self) -> bool:
        """Let them go for somebody who was taken; False if one has answered in this moment."""


@dataclass(frozen=True, slots=True)
class Line:
    """A queue from which somebody is wanted."""

    queue: str
    """The queue's id."""
    name: str
    until: float
    """Unix seconds at which nobody is waited for any more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a connect wants, and for how long."""

    lines: Sequence[Line]
    """Whoever comes first; where several have somebody, the first of them."""
    node_id: str
    taker: str
    """Names the connect, also for whoever takes its call up."""
    longest: float
    """Seconds that they may talk."""

    @property
    def until(self) -> float:
        """When nobody is waited for in any of them."""
        return max(line.until for line in self.lines)


class Search:
    """One connect's."""

    def __init__(self, call: Call, queues: Queues, wanted: Wanted) -> None:
        self._call = call
        self._queues = queues
        self._wanted = wanted
        self._passed_over: dict[str, float] = {}
        self._came_not: set[str] = set()
        self._beside = False
        self._found = False

    @property
    def over(self) -> bool:
        """Whether nobody was found, and nobody is waited for any more."""
        return not self._found and time.time() >= self._wanted.until

    @property
    def found(self) -> bool:
        """Whether the phones have given way for somebody."""
        return self._found

    @contextmanager
    def news(self) -> Iterator[Flag]:
        """While it lasts, the flag is set when somebody waits."""
        with self._queues.taking([line.queue for line in self._wanted.lines]) as flag:
            yield flag

    def take(self, lines: Sequence[Line] | None = None) -> QueuedCall | None:
        """Whose turn it is; None when nobody waits. The same one again until it has been met."""
        now = time.monotonic()
        passed_over = [stay for stay, until in self._passed_over.items() if until > now]
        if self._beside:
            passed_over += self._came_not
        for line in self._wanted.lines if lines is None else lines:
            taken = self._queues.take(
                queue=line.queue,
                node_id=self._wanted.node_id,
                taker=self._wanted.taker,
                room=new_room(),
                passed_over=passed_over,
            )
            if taken is not None:
                return taken
        return None

    def wait(self, news: Flag, unless: Callable[[], bool] = lambda: False) -> QueuedCall | None:
        """Whoever comes; None when nobody has come in time. Raises `CallGone`."""
        while (left := self._wanted.until - time.time()) > 0:
            self._call.wait(news, timeout=min(left, LOOK_AGAIN), until=self._call.over)
            self._call.raise_if_gone()
            news.clear()
            if unless():
                return None
            now = time.time()
            if taken := self.take([line for line in self._wanted.lines if line.until > now]):
                return taken
        return None

    def is_there(self, taken: QueuedCall) -> bool:
        """One that the switch does not know has hung up while its adapter was away; another switch
        is not asked, but called."""
        if taken.node_id != self._wanted.node_id:
            return True
        if self._call.api(commands.exists(taken.call_id)) == "true":
            return True
        self._queues.leave(taken.id, though_taken=True)
        return False

    def pass_over(self, taken: QueuedCall) -> None:
        """It did not come: it keeps its place, and others are taken meanwhile. No phone gives way
        for it again."""
        self._found = False
        self._came_not.add(taken.id)
        self._passed_over[taken.id] = time.monotonic() + PASSED_OVER
        self._queues.put_back(taken)

    # -- while phones ring -----------------------------------------------------------------------

    @contextmanager
    def beside(self, phones: Phones) -> Iterator[None]:
        """While it lasts, the first who comes is taken, and the phones give way."""
        ended = Flag()
        self._found, self._beside = False, True
        with self.news() as news:
            looking = self._begin(phones, news, ended)
            try:
                yield
            except BaseException:
                self._let_go()
                raise
            finally:
                self._beside = False
                ended.set()
                news.set()
                if looking is not None:
                    looking.join(timeout=self._call.deadline)

    def _begin(self, phones: Phones, news: Flag, ended: Flag) -> gevent.Greenlet | None:
        try:
            first = self.take()
        except StoreError as error:
            log.warning("no queue is looked at while phones ring", reason=str(error))
            return None
        if first is not None and self._overtakes(phones, first):
            return None
        news.set()
        name = f"queues beside the phones of {self._call.uuid}"
        return spawn(self._look, phones, news, ended, name=name)

    def _look(self, phones: Phones, news: Flag, ended: Flag) -> None:
        def enough() -> bool:
            return phones.reached or ended.is_set()

        try:
            while (taken := self.wait(news, enough)) is not None:
                if self._overtakes(phones, taken):
                    return
        except (StoreError, SwitchError) as error:
            log.warning("queues are not looked at any more", reason=str(error))

    def _overtakes(self, phones: Phones, taken: QueuedCall) -> bool:
        if not self.is_there(taken):
            return False
        self._found = phones.give_way()
        if not self._found:
            self._put_back(taken)
        return self._found

    def _let_go(self) -> None:
        """The call has gone, or is to do something else. One that only lost us comes back."""
        if self._found and not self._call.lost and (taken := self._held()) is not None:
            self._put_back(taken)

    def _held(self) -> QueuedCall | None:
        try:
            return self._queues.held_by(self._wanted.taker)
        except StoreError:
            return None

    def _put_back(self, taken: QueuedCall) -> None:
        """It waits on at its place; if it is in our room by now, it does not wait there for us."""
        try:
            self._queues.put_back(taken)
        except StoreError as error:
            log.warning("a call that was let go stands as taken", reason=str(error))
        if not self._call.gone:
            with suppress(SwitchError):
                self._call.api(conferences.empty(taken.room or ""))
