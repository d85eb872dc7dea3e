"""A call's states, as `dial` and `update` have them told: `calling.call.state`.

    queued → initiated → created → ringing → answered → ending → ended

Who asked is told of each state once, in this order. At the end it learns why: `end_reason` is
one of those that `calling.end` takes.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from adapter.callbacks.address import Method
from adapter.callbacks.forms import call_form
from adapter.callbacks.outbox import Outbox
from adapter.callbacks.payloads import call_event
from adapter.identity import CallIdentity
from adapter.store.rows import CallLog
from adapter.store.writes import Write

EVENT = "calling.call.state"
STATES = ("queued", "initiated", "created", "ringing", "answered", "ending", "ended")
LAML_EVENTS = {
    "initiated": "initiated",
    "ringing": "ringing",
    "answered": "answered",
    "completed": "ended",
}
"""LaML's names of the states that it tells."""

WATCH = "status"
USUAL = frozenset({"ended"})

_NAMESPACE = uuid.UUID("b7f0c1a6-5d0e-4a53-9d55-0f3b8a6d2c11")

_REASONS = {
    "NORMAL_CLEARING": "hangup",
    "ALLOTTED_TIMEOUT": "noAnswer",
    "CALL_REJECTED": "decline",
    "NO_ANSWER": "noAnswer",
    "NO_USER_RESPONSE": "noAnswer",
    "ORIGINATOR_CANCEL": "cancel",
    "PROGRESS_TIMEOUT": "noAnswer",
    "SUBSCRIBER_ABSENT": "noAnswer",
    "USER_BUSY": "busy",
}


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told, and of which states."""

    url: str
    states: frozenset[str] = USUAL
    form: Method | None = None
    """How they are told, if as LaML tells them."""

    def as_data(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"url": self.url, "states": sorted(self.states), "form": self.form}

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> Watch | None:
        """What `as_data` gave, in an older version, too: it knew of forms that they are POSTed."""
        if not data:
            return None
        form: Method | None = "POST" if data["form"] is True else data["form"] or None
        return cls(data["url"], frozenset(data["states"]), form)


def watched(watch: Watch | None) -> dict[str, Any]:
    """The part of a call's position that says who is told."""
    return {WATCH: watch.as_data()} if watch else {}


@dataclass(slots=True)
class CallStates:
    """How far a call has come, and who asked to be told."""

    watch: Watch | None = None
    state: str = ""

    def look_at(self, url: str) -> None:
        """Tell it there from now on: the same states as before, or the end."""
        self.watch = replace(self.watch, url=url) if self.watch else Watch(url)

    def reach(self, state: str) -> list[tuple[Watch, str]]:
        """Come to a state; which states are to be told now, each with to whom.

        A call never goes back, and one that ends has been `ending`.
        """
        come = STATES.index(self.state) if self.state else -1
        if STATES.index(state) <= come:
            return []
        passed = ["ending", "ended"] if state == "ended" and self.state != "ending" else [state]
        self.state = state
        if self.watch is None:
            return []
        return [(self.watch, each) for each in passed if each in self.watch.states]


def state_callback(
    outbox: Outbox, identity: CallIdentity, watch: Watch, row: CallLog, state: str
) -> Write:
    """The callback that tells of a call in this state; one, however many processes make it."""
    url, project_id = watch.url, identity.project_id
    key = str(uuid.uuid5(_NAMESPACE, f"{row.id} {state} {url}"))
    if watch.form:
        fields = call_form(row, state)
        return outbox.put_form(row.id, url, fields, project_id, key=key, method=watch.form)
    payload = call_event(
        EVENT,
        identity,
        time.time(),
        call_state=state,
        direction=row.direction,
        device=device(row.kind, row.caller, row.called),
        end_reason=end_reason(row) if state == "ended" else None,
    )
    return outbox.put(row.id, url, payload, project_id, key=key)


def device(kind: str, caller: str, called: str) -> dict[str, Any]:
    """How callbacks describe a call's ends."""
    if kind == "phone":
        return {"type": "phone", "params": {"from_number": caller, "to_number": called}}
    return {"type": kind, "params": {"from": caller, "to": called}}


def end_reason(row: CallLog) -> str:
    """Why it ended."""
    talked = row.answered_at is not None
    if talked and row.cause is None:  # nobody saw it, but it was no failure to connect
        return "hangup"
    return reason(row.cause or "", talked=talked)


def reason(cause: str, *, talked: bool) -> str:
    """FreeSWITCH's cause in RELAY's words; who talked has hung up, whatever limit ended it."""
    found = _REASONS.get(cause, "error")
    return "hangup" if talked and found == "noAnswer" else found
