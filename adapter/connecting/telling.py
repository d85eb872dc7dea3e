"""The callbacks of a connect: `calling.call.connect`, and `calling.call.state` of each leg.

Field names and values as in the reference's examples (SWML reference, connect); `end_reason` and
`ended_by` of `disconnected` are ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from adapter.connecting.legs import Leg
from adapter.identity import CallIdentity

Tell = Callable[..., None]
"""`Context.tell`: a URL (or None), the event's type, its parameters, and `of` whom it is."""

Written = Callable[[Leg, str], None]


class Hears(Protocol):
    """Who is told of a connect."""

    def connect(self, state: str, leg: Leg | None = None, **more: Any) -> None:
        """How far it is."""

    def leg(self, leg: Leg, state: str) -> None:
        """How far one of its legs is."""


class Teller:
    """Tells what happens in one connect."""

    def __init__(
        self,
        tell: Tell,
        identity: CallIdentity,
        status_url: str | None,
        tag: str = "",
        *,
        written: Written = lambda _leg, _state: None,
    ) -> None:
        """`tag` is how a RELAY client knows the connect again; `written` notes each leg's states,
        whoever wants to hear of them."""
        self._tell = tell
        self._written = written
        self._tag = {"tag": tag} if tag else {}
        self._identity = identity
        self._status_url = status_url

    def connect(self, state: str, leg: Leg | None = None, **more: Any) -> None:
        """`connecting`, `connected`, `failed` or `disconnected`."""
        peer = {"peer": self._peer(leg)} if leg is not None else {}
        params = {"connect_state": state, **peer, **self._tag, **more}
        self._tell(self._status_url, "calling.call.connect", **params)

    def leg(self, leg: Leg, state: str) -> None:
        """One of a leg's states, if its URL wants to hear of it."""
        self._written(leg, state)
        if state not in leg.plan.states:
            return
        self._tell(
            leg.plan.state_url,
            "calling.call.state",
            of=replace(self._identity, call_id=leg.plan.uuid),
            call_state=state,
            direction="outbound",
            device=leg.plan.device,
            end_reason=leg.reason if state == "ended" else None,
            **self._tag_of(leg, state),
        )

    def _tag_of(self, leg: Leg, state: str) -> dict[str, str]:
        """Not with the end of one that was not bridged: a client (realtime-api) that hears of it
        hears no more of the one that is."""
        return {} if state == "ended" and not leg.bridged else self._tag

    def _peer(self, leg: Leg) -> dict[str, Any]:
        identity = self._identity
        return {
            "call_id": leg.plan.uuid,
            "node_id": identity.node_id,
            "device": leg.plan.device,
            **self._tag,
        }


class PatientTeller(Teller):
    """Tells of a connect that is tried in parts: `connecting` with the first, and `failed` only
    when none is left."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._first = True
        self._failure: dict[str, Any] | None = None

    def begin(self, *, first: bool) -> None:
        """The next part: nothing has failed yet."""
        self._first, self._failure = first, None

    def connect(self, state: str, leg: Leg | None = None, **more: Any) -> None:
        """As of any connect, in its time."""
        if state == "failed":
            self._failure = more
        elif self._first or state != "connecting":
            super().connect(state, leg, **more)

    def conclude(self) -> None:
        """It is over."""
        if self._failure is not None:
            super().connect("failed", **self._failure)
