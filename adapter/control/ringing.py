"""A call that we make, until somebody answers it or it ends before.

    bgapi originate …             →  queued, initiated
    CHANNEL_ORIGINATE             ←  created
    CHANNEL_PROGRESS, …_MEDIA     ←  ringing
    CHANNEL_ANSWER                ←  answered: the call comes to us by a `socket` of its own,
                                     perhaps to another process, whose Session tells the rest
    CHANNEL_HANGUP                ←  ended
    BACKGROUND_JOB -ERR           ←  ended, where there never was a channel
      timeout                     →  uuid_kill NO_ANSWER

Each state is stored with the callback that tells of it. A switch whose connection breaks meanwhile
is asked for the call when it is back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from gevent.event import Event as Flag
from gevent.queue import Empty, Queue
from msgspec.structs import replace

from adapter.control.errors import CallEnded, NotPossible
from adapter.control.states import EVENT, CallStates, state_callback, watched
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CommandFailed, SwitchError
from adapter.freeswitch.wire import Event
from adapter.greenlets import spawn
from adapter.journal import event_of
from adapter.store.errors import StoreError
from adapter.store.rows import CallLog, CallPosition
from adapter.store.writes import PutCall, PutCallLog, Write

if TYPE_CHECKING:
    from adapter.callbacks.outbox import Outbox
    from adapter.control.order import Order
    from adapter.freeswitch.node import Node
    from adapter.identity import CallIdentity
    from adapter.store.held import HeldWrites
    from adapter.store.store import Store

JOB = "BACKGROUND_JOB"

STATES = {
    "CHANNEL_ORIGINATE": "created",
    "CHANNEL_PROGRESS": "ringing",
    "CHANNEL_PROGRESS_MEDIA": "ringing",
    "CHANNEL_ANSWER": "answered",
    "CHANNEL_HANGUP": "ended",
}
"""What is told of a call, and the state that it has then."""

NO_ANSWER = "NO_ANSWER"
UNKNOWN = "NORMAL_TEMPORARY_FAILURE"
"""The cause where the switch could not be asked."""

END_SECONDS = 5.0
"""From our word that it shall end to the switch's that it has."""

PATIENCE = 60.0
"""Seconds after its time to ring that a call is waited for whose switch is away."""


class Ringing:
    """One call. It can be commanded as far as a call can that nobody has answered."""

    answered = False
    ringing = True

    def __init__(
        self,
        node: Node,
        order: Order,
        row: CallLog,
        identity: CallIdentity,
        position: CallPosition,
        *,
        store: Store,
        held: HeldWrites,
        outbox: Outbox,
        forget: Callable[[Ringing], None],
    ) -> None:
        """`position` is what its session will begin with; `forget` is called once it is answered
        or over."""
        self.row = row
        self.identity = identity
        self.project_id = order.project.id
        self.call_id = row.id
        self.node = node
        self.over = Flag()
        self.log = structlog.get_logger().bind(call_id=row.id)
        self._order = order
        self._position = position
        self._states = CallStates(order.watch)
        self._store, self._held, self._outbox = store, held, outbox
        self._forget = forget
        self._doomed = ""
        self._gone_by = time.monotonic() + order.timeout
        self._waits_until = self._gone_by + PATIENCE
        self._news: Queue[Event | None] = Queue()

    def first_writes(self) -> list[Write]:
        """What is stored before anything is dialled."""
        return [PutCall(self._position), *self._writes("queued")]

    def start(self) -> None:
        """The switch has taken the order: follow what becomes of it."""
        spawn(self._run, name=f"dialling {self.call_id}")

    def fail(self) -> None:
        """The switch did not take the order."""
        self._reach("ended", UNKNOWN)
        self.stop_following()

    def on_event(self, event: Event) -> None:
        """The switch has said something about the call."""
        self._news.put(event)

    def look(self) -> None:
        """The switch is back: what it said meanwhile is lost."""
        self._news.put(None)

    # -- what commands may do ----------------------------------------------------------------------

    @property
    def call(self) -> Ringing:
        """As those of `CallControl`, as far as an unanswered call has one."""
        return self

    @property
    def script(self) -> Ringing:
        """The same."""
        return self

    def require_running(self) -> None:
        """Raise `CallEnded` once it is over."""
        if self.row.state == "ended":
            raise CallEnded

    def note(self, name: str, details: Mapping[str, Any]) -> None:
        """Write down what happened to it."""
        self._held.commit(event_of(self.call_id, name, details))

    def watch(self, url: str) -> None:
        """From now on its states are told there."""
        self._states.look_at(url)
        state = {**self._position.state, **watched(self._states.watch)}
        self._position = replace(self._position, state=state)
        self._held.commit(PutCall(self._position))

    def hangup(self, cause: str) -> None:
        """End it; returns when the switch has said so."""
        self._end(cause)
        if not self.over.wait(timeout=END_SECONDS):
            raise NotPossible("The switch has not ended the call yet.")

    # -- its life ----------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._reach("initiated")
            while not self.over.is_set():
                self._take(self._next())
        except Exception:
            self.log.exception("following a call failed inside the adapter")
        finally:
            self.stop_following()

    def stop_following(self) -> None:
        """Nobody asks about it here any more."""
        self._forget(self)
        self.over.set()

    def _next(self) -> Event | None:
        """What the switch says next; None: ask it."""
        try:
            event: Event | None = self._news.get(timeout=self._gone_by - time.monotonic())
        except Empty:
            return None
        return event

    def _take(self, event: Event | None) -> None:
        if event is None:
            self._ask()
        elif event.name == JOB:
            self._take_answer(event.body.decode(errors="replace").strip())
        elif (state := STATES.get(event.name)) is not None:
            self._reach(state, event.get("Hangup-Cause"))
        if self._doomed and event is not None and self.row.state != "ended":
            self._end(self._doomed)

    def _take_answer(self, text: str) -> None:
        if text.startswith("-"):
            self._reach("ended", text.partition(" ")[2])

    def _ask(self) -> None:
        """It has rung for long enough, or nobody knows how far it is."""
        if self._is_answered_elsewhere():
            self.over.set()
        elif not self._is_there():
            self._reach("ended", self._doomed or UNKNOWN)
        elif time.monotonic() >= self._gone_by:
            self._end(NO_ANSWER)

    def _is_answered_elsewhere(self) -> bool:
        """Another process may have it already, while we missed the answer."""
        try:
            row = self._store.call_log(self.call_id)
        except StoreError:
            return False
        return row is not None and row.answered_at is not None

    def _is_there(self) -> bool:
        """Whether the switch has it; it is waited for a while where it cannot say."""
        try:
            return self.node.api(commands.exists(self.call_id)) == "true"
        except SwitchError:
            self._gone_by = time.monotonic() + END_SECONDS
            return time.monotonic() < self._waits_until

    def _end(self, cause: str) -> None:
        """Have the switch end it, now or as soon as it has a channel."""
        self._doomed = cause
        self._gone_by = time.monotonic() + END_SECONDS
        try:
            self.node.api(commands.kill(self.call_id, cause))
        except CommandFailed:
            self.log.info("a call is ended before it has a channel", cause=cause)
        except SwitchError as error:
            self.log.warning("a call could not be ended yet", reason=str(error))

    # -- its states --------------------------------------------------------------------------------

    def _reach(self, state: str, cause: str = "") -> None:
        if state == "answered":
            self.over.set()
        elif writes := self._writes(state, cause):
            self._held.commit(*writes)
        self._order.heard(state, self.row)
        if state == "ended":
            self.over.set()

    def _writes(self, state: str, cause: str = "") -> list[Write]:
        """What is stored at a state: the call, what happened, and who is told."""
        told = self._states.reach(state)
        if self._states.state != state:
            return []
        now = time.time()
        shown = state if state in ("ringing", "ended") else "created"
        self.row = replace(self.row, state=shown)
        details: dict[str, Any] = {"call_state": state}
        if state == "ended":
            self.row = replace(self.row, ended_at=now, cause=cause or None)
            details["cause"] = cause
            self.log.info("a call was not answered", cause=cause)
        writes: list[Write] = [PutCallLog(self.row), event_of(self.call_id, EVENT, details)]
        if state == "ended":
            writes.append(PutCall(replace(self._position, state={}, ended_at=now)))
        return writes + [
            state_callback(self._outbox, self.identity, watch, self.row, each)
            for watch, each in told
        ]
