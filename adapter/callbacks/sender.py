"""Deliver stored callbacks: at least once, in order per stream and receiver, until given up.

Everything is in the store; memory holds only what is being sent. An attempt begins with a claim,
ends with its outcome committed, and the next callback of the stream cannot be claimed before that.
If the process dies in between, the claim runs out (or is given back at the next start) and the
callback is sent again, with the same bytes and the same Idempotency-Key.
"""

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import gevent
import structlog
from gevent.event import Event as Flag

from adapter import __version__
from adapter.callbacks.retry import (
    Answer,
    Decision,
    Delivered,
    Failed,
    RetryAt,
    RetryPolicy,
    decide,
    is_retryable,
)
from adapter.callbacks.schedule import Limits, Schedule
from adapter.callbacks.transport import Timeouts, Transport
from adapter.metrics import (
    CALLBACK_ATTEMPTS,
    CALLBACK_SECONDS,
    OUTBOX_DEPTH,
    OUTBOX_FAILED,
    OUTBOX_OLDEST_SECONDS,
)
from adapter.outgoing import Network
from adapter.store.claims import Want
from adapter.store.errors import StoreError
from adapter.store.rows import Callback, CallbackState
from adapter.store.store import Store
from adapter.store.writes import FinishCallback, RetryCallback, Write

log = structlog.get_logger()

USER_AGENT = f"swml-freeswitch/{__version__}"

LEASE_MARGIN_SECONDS = 30.0
"""A claim outlives the longest attempt by so much, for its commits: no callback is sent twice by
live adapters, and a dead adapter's callbacks are not late."""

RESCAN_SECONDS = 30.0
"""How often to look for what others stored, or died holding. Our own needs no looking for."""

STORE_PAUSE_SECONDS = 1.0
"""After the store has failed, how long to leave it alone."""

GATHER_SECONDS = 0.002
"""While callbacks flow, how long changes gather before the next look: a look costs a query."""

RECEIVERS_AT_ONCE = 64
"""Receivers looked at in one transaction, so that it stays short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSettings:
    """How callbacks are delivered, and the networks where none may go. Times are in seconds."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)
    deny: Sequence[Network] = ()

    @property
    def lease(self) -> float:
        """How long a callback is claimed for an attempt."""
        return self.timeouts.total + LEASE_MARGIN_SECONDS


class Sender:
    """Sends what the store holds.

    `keys` maps a project's id to its signing key (no key: not signed). `worker` is a name that no
    other running adapter on this store has and that stays the same over a restart.
    """

    def __init__(
        self,
        store: Store,
        settings: SenderSettings,
        *,
        keys: Mapping[str, str | None],
        worker: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._settings = settings
        self._keys = keys
        self._worker = worker
        self._clock = clock
        self._transport = Transport(
            settings.timeouts, deny=settings.deny, connections=settings.limits.total
        )
        self._schedule = Schedule(settings.limits)
        self._wake = Flag()
        self._stopping = False
        self._open = 0
        self._rescan_at = 0.0
        self._loop: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin with what the store holds; raise StoreError if it cannot be read."""
        self._store.release_callbacks(self._worker)
        self._store.listen(self._stored)
        self._loop = gevent.spawn(self._run)
        self._loop.name = "callback-sender"

    def stop(self, deadline: float) -> None:
        """Send what is due, for at most `deadline` seconds; the rest stays in the store."""
        self._stopping = True
        self._wake.set()
        if self._loop is not None:
            self._loop.join(deadline)
            self._loop.kill()
        self._store.listen(None)
        self._transport.close()

    def measure(self) -> None:
        """Set the outbox gauges; call it before metrics are read.

        While the store cannot be read they are not a number: old numbers would look like new ones.
        """
        try:
            counts = self._store.outbox_counts()
        except StoreError:
            for gauge in (OUTBOX_DEPTH, OUTBOX_FAILED, OUTBOX_OLDEST_SECONDS):
                gauge.set(math.nan)
            return
        oldest = counts.oldest_created_at
        OUTBOX_DEPTH.set(counts.pending)
        OUTBOX_FAILED.set(counts.failed)
        OUTBOX_OLDEST_SECONDS.set(0 if oldest is None else max(0.0, self._clock() - oldest))

    def _stored(self, callbacks: Sequence[Callback]) -> None:
        for callback in callbacks:
            if callback.state == CallbackState.PENDING:
                self._schedule.look_at(callback.origin)
        self._wake.set()

    def _run(self) -> None:
        while True:
            try:
                self._rescan()
                self._take()
            except StoreError as error:
                log.warning("callbacks wait for the store", reason=str(error))
                gevent.sleep(STORE_PAUSE_SECONDS)
            except Exception:
                log.exception("callback sender stumbled")
                gevent.sleep(STORE_PAUSE_SECONDS)
            if self._stopping and not self._open and not self._schedule.has_ready():
                return
            if not self._schedule.has_ready():
                self._wake.wait(self._seconds_to_wait())
            self._wake.clear()

    def _seconds_to_wait(self) -> float:
        moment = self._schedule.next_moment()
        wanted = self._rescan_at if moment is None else min(moment, self._rescan_at)
        return min(max(0.0, wanted - self._clock()), RESCAN_SECONDS)

    def _rescan(self) -> None:
        now = self._clock()
        if self._rescan_at - RESCAN_SECONDS <= now < self._rescan_at:
            return
        after = ""
        while origins := self._store.callback_origins(after=after):
            after = origins[-1]
            for origin in origins:
                self._schedule.look_at(origin)
        self._rescan_at = now + RESCAN_SECONDS
        self._schedule.drop_idle()

    def _take(self) -> None:
        now = self._clock()
        turns = self._schedule.turns(now, RECEIVERS_AT_ONCE)
        if not turns:
            return
        wants = [Want(origin=origin, limit=slots) for origin, slots in turns]
        try:
            taken = self._store.take_callbacks(
                wants, worker=self._worker, now=now, until=now + self._settings.lease
            )
        except StoreError:
            for origin, _ in turns:
                self._schedule.look_at(origin)
            raise
        for want, found in zip(wants, taken, strict=True):
            for callback in found.callbacks:
                self._begin(callback)
            if len(found.callbacks) == want.limit:
                self._schedule.look_at(want.origin)
            elif found.next_due is not None:
                self._schedule.look_later(want.origin, found.next_due)
        gevent.sleep(GATHER_SECONDS)

    def _begin(self, callback: Callback) -> None:
        self._schedule.started(callback.origin)
        self._open += 1
        gevent.spawn(self._deliver, callback).name = f"callback-{callback.id}"

    def _deliver(self, callback: Callback) -> None:
        try:
            answer = self._attempt_in_slot(callback)
            self._record(callback, answer)
        except StoreError as error:
            # Its claim runs out, and it is sent again.
            log.warning("callback outcome not stored", callback_id=callback.id, reason=str(error))
        except Exception:
            log.exception("callback attempt broke", callback_id=callback.id)
        finally:
            self._open -= 1
            # The next of its stream may be due now.
            self._schedule.look_at(callback.origin)
            self._wake.set()

    def _attempt_in_slot(self, callback: Callback) -> Answer:
        answered = False
        try:
            with CALLBACK_SECONDS.time():
                answer = self._attempt(callback)
            answered = answer.status is not None and not is_retryable(answer.status)
        finally:
            # The slot is for the network; another callback need not wait for the outcome's commit.
            self._schedule.ended(callback.origin, answered=answered)
            self._wake.set()
        return answer

    def _attempt(self, callback: Callback) -> Answer:
        headers = {"User-Agent": USER_AGENT, "Idempotency-Key": callback.id}
        if callback.content_type:
            headers["Content-Type"] = callback.content_type
        key = self._keys.get(callback.project_id)
        return self._transport.post(callback.url, callback.body, headers, key=key)

    def _record(self, callback: Callback, answer: Answer) -> None:
        now = self._clock()
        decision = decide(
            answer,
            attempts=callback.attempts + 1,
            created_at=callback.patience_from,
            now=now,
            policy=self._settings.retry,
            random=random.random,
        )
        _tell(callback, decision, now)
        self._store.commit(_outcome(callback, answer, decision, self._worker, now))


def _outcome(
    callback: Callback, answer: Answer, decision: Decision, worker: str, now: float
) -> Write:
    if isinstance(decision, RetryAt):
        return RetryCallback(
            id=callback.id,
            stream=callback.stream,
            origin=callback.origin,
            worker=worker,
            attempts=callback.attempts + 1,
            next_attempt_at=decision.moment,
            last_status=answer.status,
            last_error=decision.reason,
        )
    return FinishCallback(
        id=callback.id,
        state=CallbackState.FAILED if isinstance(decision, Failed) else CallbackState.DELIVERED,
        attempts=callback.attempts + 1,
        finished_at=now,
        last_status=answer.status,
        last_error=decision.reason if isinstance(decision, Failed) else None,
    )


def _tell(callback: Callback, decision: Decision, now: float) -> None:
    bound = log.bind(callback_id=callback.id, stream=callback.stream, receiver=callback.origin)
    match decision:
        case Delivered():
            CALLBACK_ATTEMPTS.labels("delivered").inc()
            bound.debug("callback delivered", attempts=callback.attempts + 1)
        case RetryAt(moment, reason):
            CALLBACK_ATTEMPTS.labels("retry").inc()
            bound.info("callback to be retried", reason=reason, seconds=round(moment - now, 1))
        case Failed(reason):
            CALLBACK_ATTEMPTS.labels("failed").inc()
            bound.warning("callback failed for good", reason=reason)
