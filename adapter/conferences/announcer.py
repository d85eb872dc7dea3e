"""Tells a conference's listeners what happened, in order and each of them once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from adapter.callbacks.outbox import Outbox
from adapter.callbacks.payloads import call_event
from adapter.conferences.events import END, JOIN, LEAVE, START, kind_of
from adapter.conferences.listeners import Listener
from adapter.identity import CallIdentity
from adapter.store.held import HeldWrites

_SPACE = uuid.UUID("5e1b5f0c-6b0e-4d38-9a5f-0d8d4f1c7a10")

_ONCE_IN_A_CONFERENCE = (START, END)
_ONCE_IN_A_STAY = (JOIN, LEAVE)


class Announcer:
    """Stores the callbacks that one call has to make about its conference."""

    def __init__(
        self,
        name: str,
        identity: CallIdentity,
        outbox: Outbox,
        held: HeldWrites,
        *,
        stay: str,
        heard: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        """`stay` names this call's stay in the conference, also for whoever takes the call up;
        `heard` gets all that is told, for those who have this call."""
        self.conference_id = ""
        """Known once the call has entered."""
        self._name = name
        self.identity = identity
        self._outbox = outbox
        self._held = held
        self._stay = stay
        self._heard = heard

    def tell(self, status: str, listeners: Iterable[Listener], **params: Any) -> None:
        """Tell all who want to know."""
        told = {"name": self._name, "conference_id": self.conference_id, "status": status}
        payload = call_event("calling.conference", self.identity, time.time(), **told, **params)
        self._heard(payload)
        writes = [
            self._outbox.put(
                self.conference_id,
                listener.url,
                payload,
                self.identity.project_id,
                key=self._key(status, listener.url),
                method=listener.method,
            )
            for listener in listeners
            if kind_of(status) in listener.kinds
        ]
        if writes:
            self._held.commit(*writes)

    def _key(self, status: str, url: str) -> str | None:
        """The callback's id, if others may tell the same: then only the first one counts."""
        if status in _ONCE_IN_A_CONFERENCE:
            return str(uuid.uuid5(_SPACE, f"{self.conference_id} {status} {url}"))
        if status in _ONCE_IN_A_STAY:
            return str(uuid.uuid5(_SPACE, f"{self._stay} {self.conference_id} {status} {url}"))
        return None
