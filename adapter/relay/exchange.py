"""Between calls and clients, whichever worker has the one and whichever has the other.

Events of one client go out in order. What nobody took waits here, where it came from, until the
client is back; what a client did not acknowledge comes back to wait. So an event may come twice,
and is lost only with the process that holds it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent
import structlog

from adapter.control.bus import Bus, NoAnswer
from adapter.relay.clients import Clients

log = structlog.get_logger()

KIND = "relay"

DEADLINE = 1.5
"""Seconds for the other workers' answers; they look into a dict."""

MOST_WAITING = 1000
"""Events that wait for one client; the oldest are lost first."""

KEPT_SECONDS = 600.0
"""How long they wait: a client that comes back later knows nothing of those calls any more."""

Event = Mapping[str, Any]


@dataclass(slots=True)
class _Line:
    """What is to be told to one client."""

    project_id: str
    protocol: str
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    moves: bool = False
    """Whether a greenlet is sending it."""
    again: bool = False
    """Whether there was news meanwhile: the client may be back."""
    used_at: float = 0.0


class Exchange:
    """This process's part of it."""

    def __init__(self, clients: Clients, bus: Bus) -> None:
        self._clients = clients
        self._bus = bus
        self._lines: dict[str, _Line] = {}

    # -- for calls -------------------------------------------------------------------------------

    def of_topic(self, project_id: str, topic: str) -> list[str]:
        """Protocols of the clients that want the calls of a topic, each once."""
        found = self._clients.of_topic(project_id, topic)
        for answer in self._ask("of_topic", project=project_id, topic=topic):
            found += answer.get("protocols", ())
        return list(dict.fromkeys(found))

    def deliver(
        self, project_id: str, protocol: str, event: Event, then: Event | None = None
    ) -> bool:
        """Give a client an event, and another one once it has seen that; False if it is nowhere."""
        if self._clients.deliver(project_id, protocol, event, then):
            return True
        answers = self._ask(
            "deliver",
            project=project_id,
            protocol=protocol,
            event=dict(event),
            then=dict(then) if then else None,
        )
        return any(answer.get("taken") for answer in answers)

    def post(self, project_id: str, protocol: str, event: Event) -> None:
        """Have a client told of something, in order, now or when it is back. Does not wait."""
        line = self._line(project_id, protocol)
        line.events.append(event)
        self._move(line)

    def is_there(self, project_id: str, protocols: list[str]) -> bool:
        """Whether any of these clients is connected."""
        if any(self._clients.has(project_id, one) for one in protocols):
            return True
        answers = self._ask("is_there", project=project_id, protocols=protocols)
        return any(answer.get("there") for answer in answers)

    # -- for clients -----------------------------------------------------------------------------

    def is_back(self, project_id: str, protocol: str) -> None:
        """A client is here: it gets what waits for it, wherever that is."""
        self._is_back(protocol)
        for peer in self._bus.peers():
            self._tell(peer, {"do": "is_back", "project": project_id, "protocol": protocol})

    def give_back(self, project_id: str, protocol: str, events: list[Event]) -> None:
        """What a client that is gone did not acknowledge."""
        if events:
            line = self._line(project_id, protocol)
            line.events.extendleft(reversed(events))
            self._move(line)

    # -- for the other workers -------------------------------------------------------------------

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What another process wants to know, or to have told (for the bus)."""
        project_id = body["project"]
        match body["do"]:
            case "of_topic":
                return {"protocols": self._clients.of_topic(project_id, body["topic"])}
            case "deliver":
                taken = self._clients.deliver(
                    project_id, body["protocol"], body["event"], body.get("then")
                )
                return {"taken": taken}
            case "is_there":
                has = self._clients.has
                return {"there": any(has(project_id, one) for one in body["protocols"])}
        self._is_back(body["protocol"])
        return {}

    def _ask(self, do: str, **body: Any) -> Iterator[dict[str, Any]]:
        for answer in self._bus.ask_all(KIND, {"do": do, **body}, DEADLINE):
            if answer is not None:
                yield answer

    def _tell(self, peer: str, body: Mapping[str, Any]) -> None:
        try:
            self._bus.tell(peer, KIND, body)
        except NoAnswer as error:
            log.info("another worker does not hear of a client", reason=str(error))

    # -- lines -----------------------------------------------------------------------------------

    def _line(self, project_id: str, protocol: str) -> _Line:
        now = time.monotonic()
        for name, line in list(self._lines.items()):
            if now - line.used_at > KEPT_SECONDS and not line.moves:
                del self._lines[name]
        line = self._lines.setdefault(protocol, _Line(project_id, protocol))
        line.used_at = now
        return line

    def _is_back(self, protocol: str) -> None:
        line = self._lines.get(protocol)
        if line is not None:
            self._move(line)

    def _move(self, line: _Line) -> None:
        line.again = line.moves
        if not line.moves:
            line.moves = True
            gevent.spawn(self._send, line).name = f"relay events for {line.protocol}"

    def _send(self, line: _Line) -> None:
        try:
            while line.events:
                event, line.again = line.events[0], False
                if self.deliver(line.project_id, line.protocol, event):
                    if line.events and line.events[0] is event:
                        line.events.popleft()
                elif not line.again:
                    return
            self._lines.pop(line.protocol, None)
        except Exception:
            log.exception("telling a client failed inside the adapter")
        finally:
            line.moves = False
