"""The RELAY service of one process: its clients, and the way to those of the other workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from adapter.relay.client import Client
from adapter.relay.clients import Clients
from adapter.relay.commands import Dispatcher
from adapter.relay.dialling import Dials
from adapter.relay.exchange import Exchange

if TYPE_CHECKING:
    from adapter.control.bus import Bus
    from adapter.control.commander import Commander
    from adapter.control.dialler import Dialler
    from adapter.swml.document import Document
    from adapter.web.auth import Gate
    from adapter.web.websocket import WebSocket

PATHS = ("/", "/api/relay/ws")
"""Where clients knock: theirs have no path."""


class Door:
    """Lets clients in."""

    def __init__(self, bus: Bus, gate: Gate, commander: Commander, *, login_seconds: float) -> None:
        self.clients = Clients()
        self.exchange = Exchange(self.clients, bus)
        self._gate = gate
        self._commander = commander
        self.dispatcher = Dispatcher(commander)
        self._login_seconds = login_seconds

    def let_dial(self, dialler: Dialler, read: Callable[[str, str], Document]) -> None:
        """From now on clients may have calls made; `read` gives a document by text and name."""
        self.dispatcher.dials = Dials(dialler, self._commander, self.exchange, read)

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
            dispatcher=self.dispatcher,
            login_seconds=self._login_seconds,
        ).run()

    def close(self) -> None:
        """Have all clients go; they connect again by themselves."""
        for client in self.clients.all():
            client.dismiss()
