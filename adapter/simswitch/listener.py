"""The inbound event socket: adapters and tests connect to it with the switch's password."""

import socket as sockets

from gevent.server import StreamServer

from adapter.simswitch.connection import Connection
from adapter.simswitch.switch import Switch

BACKLOG = 128


class Listener:
    """Accepts event-socket clients for a switch."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._server: StreamServer | None = None
        self.connections: set[Connection] = set()

    @property
    def address(self) -> tuple[str, int]:
        if self._server is None:
            raise RuntimeError("the simulated switch is not started; call start() first")
        return self._server.server_host, self._server.server_port

    def start(self) -> None:
        settings = self._switch.settings
        where = (settings.host, settings.port)
        self._server = StreamServer(where, self._serve, backlog=BACKLOG)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(timeout=0)

    def _serve(self, sock: sockets.socket, _peer: object) -> None:
        connection = Connection(self._switch, sock)
        self.connections.add(connection)
        try:
            connection.serve()
        finally:
            self.connections.discard(connection)
