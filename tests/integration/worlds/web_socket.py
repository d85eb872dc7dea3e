"""Somebody who listens at a WebSocket: what came first, and then sound."""

import threading
from itertools import islice
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from worlds.audio import Audio

BYE = "/bye"
MESSAGES = 25
"""That are heard there."""


class WebSocketListener:
    """Keeps what each connection brought; `close_last` ends the latest as its server would."""

    def __init__(self) -> None:
        self._server = serve(self._take, "127.0.0.1", 0, compression=None)
        self.port = int(self._server.socket.getsockname()[1])
        self.url = f"ws://127.0.0.1:{self.port}/sound"
        self.bye_url = f"ws://127.0.0.1:{self.port}{BYE}"
        """Where the server itself says goodbye after a while, in the midst of what comes."""
        self.texts: list[str] = []
        self.authorizations: list[str | None] = []
        self.closed = 0
        self._sound: list[bytes] = []
        self._connections: list[ServerConnection] = []
        threading.Thread(target=self._server.serve_forever, name="ws", daemon=True).start()

    def hear(self) -> Audio:
        """All that came, in order."""
        return Audio.from_pcm(b"".join(self._sound))

    def close_last(self) -> None:
        self._connections[-1].close()

    def close(self) -> None:
        self._server.shutdown()

    def _take(self, connection: ServerConnection) -> None:
        request: Any = connection.request
        self.authorizations.append(request.headers.get("Authorization"))
        self._connections.append(connection)
        most = MESSAGES if request.path == BYE else None
        try:
            for message in islice(connection, most):
                if isinstance(message, str):
                    self.texts.append(message)
                else:
                    self._sound.append(message)
        except ConnectionClosed:
            pass
        self.closed += 1
