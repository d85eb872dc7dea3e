"""The two sides of every comparison: greenswitch's own classes, and the adapter's."""

from collections.abc import Callable
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import gevent
from gevent import socket
from greenswitch.esl import (
    OutboundESLServer,
    OutboundSession,
)
from scripted_switch import (
    until,
)

from adapter.freeswitch.call import Call
from adapter.freeswitch.server import CallServer

LOOPBACK = [ip_network("127.0.0.0/8")]


class AnyPort(int):
    """Port 0, which greenswitch takes for no port at all."""

    def __bool__(self) -> bool:
        return True


class Base:
    """greenswitch's own classes."""

    patience = 0.3  # seconds until what hangs is given up: it hangs for ever

    def __init__(self, sock: socket.socket) -> None:
        self.session = OutboundSession(("127.0.0.1", 0), sock)

    def connect(self, _deadline: float = 0.1) -> None:
        self.session.connect()

    def on(self, name: str, handler: Callable[[Any], None]) -> None:
        def named(event: Any) -> None:
            handler(event.headers)

        self.session.register_handle(name, named)

    def api(self, command: str) -> str:
        return self.session.send(f"api {command}").data

    def play(self, sound: str) -> Any:
        return self.session.playback(sound)

    def play_within(self, sound: str, seconds: float) -> Any:
        return self.session.call_command("playback", sound, block=True, response_timeout=seconds)

    def break_the_next_write(self) -> None:
        self.session.sock = Unwritable(self.session.sock)

    def stop(self) -> None:
        self.session.stop()

    def abandon(self) -> None:
        session = self.session
        gevent.killall([session._receive_events_greenlet, session._process_events_greenlet])

    @staticmethod
    @contextmanager
    def server(handle: Callable[[Any], None], max_calls: int = 100):
        class Application:
            def __init__(self, session: Any) -> None:
                self.session = session

            def run(self) -> None:
                handle(self.session)

        server = OutboundESLServer("127.0.0.1", AnyPort(0), Application, max_connections=max_calls)
        listening = gevent.spawn(server.listen)
        until(lambda: server.server and server._running)
        try:
            yield server.server.getsockname()
        finally:
            listening.kill()
            server.server.close()


class Ours:
    """The adapter's."""

    patience = 5.0

    def __init__(self, sock: socket.socket) -> None:
        self.call = Call(sock)

    def connect(self, deadline: float = 0.1) -> None:
        self.call.open(deadline)

    def on(self, name: str, handler: Callable[[Any], None]) -> None:
        self.call.on(name, handler)

    def api(self, command: str) -> str:
        return self.call.api(f"api {command}\n\n".encode())

    def play(self, sound: str) -> Any:
        return self.call.execute("playback", sound)

    def play_within(self, sound: str, seconds: float) -> Any:
        return self.call.execute("playback", sound, deadline=seconds)

    def break_the_next_write(self) -> None:
        connection = self.call._connection
        connection.sock = Unwritable(connection.sock)

    def stop(self) -> None:
        self.call.close()

    abandon = stop

    @staticmethod
    @contextmanager
    def server(handle: Callable[[Any], None], max_calls: int = 100):
        server = CallServer(("127.0.0.1", 0), handle, allow_from=LOOPBACK, max_calls=max_calls)
        server.start()
        try:
            yield server.address
        finally:
            server.stop()


class Unwritable:
    """A socket that refuses to send once, as one does whose buffers the kernel cannot have."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._broken = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def send(self, data: bytes) -> int:
        if self._broken:
            self._broken = False
            raise OSError(105, "No buffer space available")
        return self._sock.send(data)
