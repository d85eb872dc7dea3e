"""The legs of a connect in the call log: calls of their own, whose parent is the one that connects.

A leg whose end nobody here saw (the adapter was killed) is finished as any forgotten call is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from adapter.connecting.legs import Leg
from adapter.identity import CallIdentity
from adapter.journal import event_of
from adapter.store.rows import CallLog
from adapter.store.writes import PutCallLog, Write

Commit = Callable[..., Any]
"""`HeldWrites.commit`."""

EVENT = "calling.call.state"


class LegLog:
    """Writes down what becomes of each leg of one connect."""

    def __init__(self, commit: Commit, identity: CallIdentity) -> None:
        """`identity` is the call's that connects."""
        self._commit = commit
        self._identity = identity
        self._rows: dict[str, CallLog] = {}

    def row(self, leg: Leg) -> CallLog:
        """The leg as a call."""
        return self._rows.get(leg.plan.uuid) or self._new(leg, time.time())

    def reach(self, leg: Leg, state: str) -> None:
        """A leg has come to a state; of one that was not seen to begin nothing is known."""
        row = self._rows.get(leg.plan.uuid)
        if row is None and state != "created":
            return
        now = time.time()
        row = replace(row or self._new(leg, now), state=state)
        if state == "answered":
            row = replace(row, answered_at=now)
        elif state == "ended":
            row = replace(row, ended_at=now, cause=leg.cause or None)
        self._rows[row.id] = row
        details = {"call_state": state, **({"cause": leg.cause} if state == "ended" else {})}
        writes: tuple[Write, ...] = (PutCallLog(row), event_of(row.id, EVENT, details))
        self._commit(*writes)

    def _new(self, leg: Leg, now: float) -> CallLog:
        kind, ends = leg.plan.device["type"], leg.plan.device["params"]
        return CallLog(
            id=leg.plan.uuid,
            project_id=self._identity.project_id,
            node_id=self._identity.node_id,
            kind=kind,
            direction="outbound",
            caller=ends.get("from_number") or ends.get("from") or "",
            called=ends.get("to_number") or ends.get("to") or "",
            state="created",
            created_at=now,
            parent_id=self._identity.call_id,
        )
