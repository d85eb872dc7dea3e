"""Somebody who listens at a WebSocket, and answers: what came first, and then sound."""

import threading
from collections import defaultdict
from itertools import islice
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from worlds.audio import Audio
from worlds.waiting import eventually

BYE = "bye"
MESSAGES = 25
"""That are heard where the server itself says goodbye, in the midst of what comes."""


class WebSocketListener:
    """Keeps what came to each address, by the name at its end."""

    def __init__(self) -> None:
        self._server = serve(self._take, "127.0.0.1", 0, compression=None)
        self.port = int(self._server.socket.getsockname()[1])
        self.texts: dict[str, list[str]] = defaultdict(list)
        self.authorizations: dict[str, str | None] = {}
        self.closed: list[str] = []
        """Which have ended, in this order."""
        self._sound: dict[str, list[bytes]] = defaultdict(list)
        self._connections: dict[str, ServerConnection] = {}
        threading.Thread(target=self._server.serve_forever, name="ws", daemon=True).start()

    def url(self, name: str) -> str:
        """An address; one that begins with BYE is ended by its server after a while."""
        return f"ws://127.0.0.1:{self.port}/{name}"

    def hear(self, name: str, rate: int = 8000) -> Audio:
        """All that came to it, in order."""
        return Audio.from_pcm(b"".join(self._sound[name]), rate=rate)

    def say(self, name: str, text: str) -> None:
        """Send a message the other way."""
        self._connections[name].send(text)

    def end(self, name: str) -> None:
        """End it as its server would."""
        self._connections[name].close()

    def wait_closed(self, name: str) -> None:
        eventually(lambda: name in self.closed, what=f"the end of {name}")

    def close(self) -> None:
        self._server.shutdown()

    def _take(self, connection: ServerConnection) -> None:
        request: Any = connection.request
        name = request.path.removeprefix("/")
        self.authorizations[name] = request.headers.get("Authorization")
        self._connections[name] = connection
        most = MESSAGES if name.startswith(BYE) else None
        try:
            for message in islice(connection, most):
                if isinstance(message, str):
                    self.texts[name].append(message)
                else:
                    self._sound[name].append(message)
        except ConnectionClosed:
            pass
        self.closed.append(name)
