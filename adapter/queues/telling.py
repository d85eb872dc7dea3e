"""The callbacks of a queue: `calling.call.queue` (SWML reference, enter_queue).

A call that waits may be lost with its adapter, and others find that out; so what is told of it is
made of what stands in the store, and each status has a key: however many tell it, it goes out once.
Times are Unix microseconds, 0 where they do not apply, as in the reference's examples.
"""

from __future__ import annotations

import time
from typing import Any

from adapter.callbacks.outbox import Outbox
from adapter.callbacks.payloads import call_event
from adapter.identity import CallIdentity
from adapter.queues.names import callback_key
from adapter.store.held import HeldWrites
from adapter.store.queues import Place, QueuedCall


def facts(
    identity: CallIdentity, *, name: str, status_url: str | None, control_id: str, device: Any
) -> dict[str, Any]:
    """What is kept of a waiting call for those who tell of it."""
    return {
        "name": name,
        "status_url": status_url,
        "control_id": control_id,
        "device": device,
        "event_channel": identity.event_channel,
        "project_id": identity.project_id,
        "space_id": identity.space_id,
    }


EVENT = "calling.call.queue"


class QueueTeller:
    """Stores what is told of waiting calls."""

    def __init__(self, outbox: Outbox, held: HeldWrites) -> None:
        self._outbox = outbox
        self._held = held

    def enqueued(self, place: Place) -> None:
        """It has come in."""
        self._tell("enqueue", place, enqueue_ts=_micro(place.call.entered_at))

    def left(self, place: Place) -> None:
        """It has gone without having been served."""
        entered = _micro(place.call.entered_at)
        self._tell("leave", place, enqueue_ts=entered, leave_ts=_micro(time.time()))

    def served(self, place: Place) -> None:
        """Somebody has taken it."""
        self._tell("dequeue", place, control_id=None, dequeue_ts=_micro(time.time()))

    def _tell(self, status: str, place: Place, **more: Any) -> None:
        call, known = place.call, place.call.facts
        url = known["status_url"]
        if url is None:
            return
        params = {**told(status, place), **more}
        payload = call_event(EVENT, _identity(call), time.time(), **params)
        key = callback_key(call.id, status)
        self._held.commit(
            self._outbox.put(call.call_id, url, payload, known["project_id"], key=key)
        )


def told(status: str, place: Place) -> dict[str, Any]:
    """What is said of a place, without the times."""
    call, known = place.call, place.call.facts
    return {
        "status": status,
        "id": call.queue,
        "name": known["name"],
        "position": place.position,
        "size": place.size,
        "avg_time": round(place.average),
        "enqueue_ts": 0,
        "dequeue_ts": 0,
        "leave_ts": 0,
        "status_url": known["status_url"],
        "control_id": known["control_id"],
    }


def _identity(call: QueuedCall) -> CallIdentity:
    known = call.facts
    return CallIdentity(
        call_id=call.call_id,
        node_id=call.node_id,
        event_channel=known["event_channel"],
        project_id=known["project_id"],
        space_id=known["space_id"],
    )


def _micro(seconds: float) -> int:
    return int(seconds * 1_000_000)
