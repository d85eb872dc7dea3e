"""What a method works with: the call, its recordings, its sounds, and a way to tell the outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog
from gevent.event import Event as Flag
from msgspec import Struct, field
from msgspec.structs import replace

from adapter.callbacks.address import Method
from adapter.callbacks.payloads import call_event
from adapter.freeswitch.call import Call
from adapter.freeswitch.digits import Digits
from adapter.identity import CallIdentity
from adapter.methods.shared import Shared
from adapter.recording.call_recordings import CallRecordings
from adapter.swml.document import Document

log = structlog.get_logger()


class Variables(Protocol):
    """The script's `vars` at this moment."""

    def get(self, name: str, default: Any = None, /) -> Any: ...


class Documents(Protocol):
    """Documents that a step or a command names by their URL, or holds."""

    def fetch(self, url: str, method: Method = "POST") -> Document:
        """Raises FetchError, DocumentError and NoSourceError."""

    def read(self, text: str) -> Document:
        """Raises DocumentError."""

    def fallback(self) -> Document | None:
        """What the settings give a call whose own document is not to be had; None: nothing."""


class Clients(Protocol):
    """Those outside who are connected to us, hear of the call and may be offered it (RELAY)."""

    news: Flag
    """Set when one takes the call or passes it on; cleared by who waits for that."""

    @property
    def anybody(self) -> bool:
        """Whether some client has the call."""

    @property
    def connected(self) -> bool:
        """Whether one that has it is connected now. Asks the other workers."""

    def begin(self, client: str, tag: str) -> None:
        """This client had the call made, and it has been answered."""

    def candidate(self, topic: str, asked: set[str]) -> str | None:
        """A client that wants calls of this topic and is not among those asked."""

    def offer(self, client: str, topic: str) -> bool:
        """Offer it the call; False if it is gone."""

    def tell(self, event: Mapping[str, Any]) -> None:
        """Tell those that have the call; does not wait."""


class NoClients:
    """Nobody is connected, and nobody hears of the call."""

    anybody = connected = False

    def __init__(self) -> None:
        self.news = Flag()

    def begin(self, client: str, tag: str) -> None:
        pass

    def candidate(self, topic: str, asked: set[str]) -> str | None:  # noqa: ARG002
        return None

    def offer(self, client: str, topic: str) -> bool:  # noqa: ARG002
        return False

    def tell(self, event: Mapping[str, Any]) -> None:
        pass


class Context(Struct, frozen=True, eq=False):
    """One call, as its methods see it in one step.

    A struct, since every step has one of its own: to make it costs 0.5 µs, and 8 as a dataclass.
    """

    shared: Shared
    call: Call
    identity: CallIdentity
    recordings: CallRecordings
    digits: Digits
    documents: Documents
    waiting: Callable[[Context, str | None, Flag], None]

    clients: Clients = field(default_factory=NoClients)

    running: dict[str, Any] = field(default_factory=dict)
    """What methods of this call started in the background, by the method's name."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    step: int = 0
    """The step's number in the script's run: the same when it is done again after a crash."""

    began: float = 0.0
    """When the step began, in Unix seconds: before a crash, where it is done again after one."""

    control_id: str = ""
    """By what a client knows the step that it commanded; empty: the step makes a name itself."""

    until: Flag | None = None
    """Where the step is one of a document for a waiting call: it is cut off once this is set."""

    def in_step(
        self,
        step: int,
        variables: Mapping[str, Any],
        *,
        began: float = 0.0,
        until: Flag | None = None,
        control_id: str = "",
    ) -> Context:
        """The same call, in this step; one that is not done again begins now."""
        began = began or time.time()
        return replace(
            self,
            step=step,
            variables=variables,
            began=began,
            until=until,
            control_id=control_id,
        )

    def play_while_waiting(self, url: str | None, until: Flag) -> None:
        """Play a `wait_url`, or the switch's music, until the flag is set or the call gone."""
        self.waiting(self, url, until)

    def tell(
        self,
        to: str | None,
        event_type: str,
        /,
        *,
        of: CallIdentity | None = None,
        key: str | None = None,
        method: Method = "POST",
        **params: Any,
    ) -> None:
        """Store a callback, to be delivered in order, and tell the clients that have the call.

        It is about this call, or `of` another one that this one made. With a `key`, it is told once
        whoever comes upon it. With the method GET it is all in the URL's query.
        """
        if to is None and not self.clients.anybody:
            return
        payload = call_event(event_type, of or self.identity, self.now(), **params)
        self.clients.tell(payload)
        if to is not None:
            self.send(to, payload, key, method)

    def send(
        self,
        to: str,
        payload: Mapping[str, Any],
        key: str | None = None,
        method: Method = "POST",
    ) -> None:
        """Store a callback of this call's that says just this, to be delivered in order."""
        of, project = self.identity.call_id, self.identity.project_id
        put = self.shared.outbox.put(of, to, payload, project, key=key, method=method)
        self.shared.held.commit(put)

    @staticmethod
    def now() -> float:
        """Unix seconds, for payloads."""
        return time.time()
