"""The RELAY clients of this process: who is there, and who wants which calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Connected(Protocol):
    """A client that has logged in."""

    project_id: str
    protocol: str
    topics: set[str]

    def deliver(self, event: Mapping[str, Any], then: Mapping[str, Any] | None = None) -> bool:
        """Send an event on its way; False if that is no longer possible. Does not wait.

        `then` follows it once it was acknowledged.
        """

    def dismiss(self) -> None:
        """Have it go: to another process, or since another connection has its place."""


class Clients:
    """Found by their protocol; the latest connection with one is the client's."""

    def __init__(self) -> None:
        self._by_protocol: dict[str, Connected] = {}

    def __len__(self) -> int:
        return len(self._by_protocol)

    def add(self, client: Connected) -> None:
        """A client has logged in."""
        before = self._by_protocol.get(client.protocol)
        self._by_protocol[client.protocol] = client
        if before is not None:
            before.dismiss()

    def remove(self, client: Connected) -> None:
        """Its connection has ended."""
        if self._by_protocol.get(client.protocol) is client:
            del self._by_protocol[client.protocol]

    def all(self) -> list[Connected]:
        """Everybody."""
        return list(self._by_protocol.values())

    def has(self, project_id: str, protocol: str) -> bool:
        """Whether it is here."""
        return self._find(project_id, protocol) is not None

    def of_topic(self, project_id: str, topic: str) -> list[str]:
        """The protocols of those who want the calls of a topic."""
        return [
            client.protocol
            for client in self._by_protocol.values()
            if client.project_id == project_id and topic in client.topics
        ]

    def deliver(
        self,
        project_id: str,
        protocol: str,
        event: Mapping[str, Any],
        then: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether it was here and took the event."""
        client = self._find(project_id, protocol)
        return client is not None and client.deliver(event, then)

    def _find(self, project_id: str, protocol: str) -> Connected | None:
        client = self._by_protocol.get(protocol)
        return client if client and client.project_id == project_id else None
