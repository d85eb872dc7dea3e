"""The RELAY service of one process: its clients, and the way to those of the other workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.relay.client import Client
from adapter.relay.clients import Clients
from adapter.relay.commands import Dispatcher
from adapter.relay.exchange import Exchange

if TYPE_CHECKING:
    from adapter.control.bus import Bus
    from adapter.relay.commands import Commands
    from adapter.web.auth import Gate
    from adapter.web.websocket import WebSocket

PATHS = ("/", "/api/relay/ws")
"""Where clients knock: theirs have no path."""


class Door:
    """Lets clients in."""

    def __init__(self, bus: Bus, gate: Gate, commands: Commands, *, login_seconds: float) -> None:
        self.clients = Clients()
        self.exchange = Exchange(self.clients, bus)
        self._gate = gate
        self._dispatcher = Dispatcher(commands)
        self._login_seconds = login_seconds

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """For the bus."""
        return self.exchange.answer(question)

    def serve(self, socket: WebSocket) -> None:
        """One connection, to its end."""
        Client(
            socket,
            gate=self._gate,
            clients=self.clients,
            exchange=self.exchange,
            dispatcher=self._dispatcher,
            login_seconds=self._login_seconds,
        ).run()

    def close(self) -> None:
        """Have all clients go; they connect again by themselves."""
        for client in self.clients.all():
            client.dismiss()
