"""What a recording hears of its call, in the words of its machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gevent.queue import Queue

from adapter.recording.options import ID_VARIABLE
from adapter.recording.parts import EVENT as RATE_EVENT
from adapter.recording.parts import Parts, RateHeard
from adapter.recording.state import Closed, Digit, HungUp, Input, Overdue

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.freeswitch.wire import Event


DIGITS_LIMIT = 64
"""Digits that may wait while the store is slow; all else that can happen is a handful of inputs."""


class Disconnected:
    """The connection is gone and the call may go on: nothing more will be heard here."""


Heard = Input | RateHeard | Disconnected


class Hearing:
    """Listens for one recording, and puts what it hears into `inbox`.

    It does not know the recorder, which knows it: such circles are freed late.
    """

    def __init__(self, call: Call, recording_id: str, parts: Parts, inbox: Queue[Heard]) -> None:
        self._call = call
        self._id = recording_id
        self._parts = parts
        self._inbox = inbox
        self._tell = inbox.put
        self._subscriptions: list[Callable[[], None]] = []

    def begin(self, *, digits: bool) -> None:
        """Listen from now on; to `digits` only where one may end the recording."""
        call = self._call
        self._subscriptions = [
            call.on("RECORD_STOP", self._on_record_stop),
            call.on("CHANNEL_HANGUP", lambda _: self._tell(HungUp())),
            call.on(RATE_EVENT, lambda _: self._tell(RateHeard(call.rate))),
        ]
        if digits:
            self._subscriptions.append(call.on("DTMF", self._on_digit))
        call.when_ended(self._on_call_ended)

    def end(self) -> None:
        """Listen no more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        self._subscriptions.clear()

    def _on_digit(self, event: Event) -> None:
        if self._inbox.qsize() < DIGITS_LIMIT:
            self._tell(Digit(event.get("DTMF-Digit")))

    def _on_record_stop(self, event: Event) -> None:
        if event.get(f"Recording-Variable-{ID_VARIABLE}") != self._id:
            return
        cause, hung_up = event.get("Record-Completion-Cause"), event.get("Answer-State") == "hangup"
        if cause == "empty-file":
            self._tell(Closed(cause, hung_up, "0"))
            return
        if cause == "no-input-timeout" and self._parts.rates.changed:
            cause = "success-silence"
        counts = (event.get("variable_record_ms"), event.get("variable_record_samples"))
        self._tell(Closed(cause, hung_up, *counts))

    def _on_call_ended(self) -> None:
        self._tell(Disconnected() if self._call.lost else Overdue())
