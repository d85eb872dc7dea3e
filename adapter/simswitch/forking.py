"""`uuid_audio_stream` and `uuid_audio_fork`: a call's sound to a WebSocket, as two modules send it.

Source: amigniter/mod_audio_stream and drachtio/mod_audio_fork (their `start_capture` and
`eventCallback`), which are no part of FreeSWITCH. They answer before they connect, fire an event of
their own for what becomes of it, and keep their place on the call until `stop`; mod_audio_stream
gives it up where the connection failed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import gevent
import structlog
from gevent import socket
from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from adapter.simswitch.audio import FRAME, Source
from adapter.simswitch.strings import separate
from adapter.simswitch.tapping import Frames
from adapter.simswitch.voices import Mix

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.simswitch.session import Session
    from adapter.simswitch.switch import SimSwitch

log = structlog.get_logger()

OK, ERROR = "+OK Success\n", "-ERR Operation Failed\n"
FAILED = {"audio_stream": "error", "audio_fork": "connect_failed"}
EXTRA_HEADERS = "STREAM_EXTRA_HEADERS"
FRAME_SECONDS = 0.02
CONNECT_SECONDS = 5.0


class Fork:
    """One WebSocket of one call."""

    def __init__(self, session: Session, kind: str, url: str, *, mixed: bool, first: str) -> None:
        self.kind = kind
        self._session = session
        self._url = url
        self._mixed = mixed
        self._first = first
        self._over = False
        headers = session.channel.get(EXTRA_HEADERS) if kind == "audio_stream" else None
        self._headers: dict[str, str] = json.loads(headers) if headers else {}
        self._protocol = ClientProtocol(parse_uri(url))

    def stop(self) -> None:
        """Close it; nothing more is told."""
        self._over = True

    def run(self) -> None:
        """Connect, send, and tell what becomes of it."""
        try:
            sock = self._connected()
        except (OSError, EOFError) as error:
            if self.kind == "audio_stream":
                self._session.fork = None
            self._fire(FAILED[self.kind], json.dumps({"reason": str(error)}))
            return
        try:
            self._fire("connect", "")
            reader = self._session.switch.spawn("WebSocket of a call", self._read, sock)
            self._send(sock)
            reader.kill()
            if not self._over and not self._session.channel.down:
                self._fire("disconnect", "")
        finally:
            sock.close()

    def _connected(self) -> socket.socket:
        parts = urlsplit(self._url)
        address = (parts.hostname or "", parts.port or 80)
        sock = socket.create_connection(address, timeout=CONNECT_SECONDS)
        request = self._protocol.connect()
        for name, value in self._headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush(sock)
        while self._protocol.state is State.CONNECTING:
            self._protocol.receive_data(sock.recv(65_536) or self._broken())
            refused = [one for one in self._protocol.events_received() if isinstance(one, Response)]
            if refused and self._protocol.handshake_exc is not None:
                raise OSError(str(self._protocol.handshake_exc))
        sock.settimeout(None)
        return sock

    @staticmethod
    def _broken() -> bytes:
        raise EOFError("the connection was closed")

    def _read(self, sock: socket.socket) -> None:
        while self._protocol.state is State.OPEN:
            try:
                data = sock.recv(65_536)
            except OSError:
                data = b""
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            self._protocol.events_received()

    def _send(self, sock: socket.socket) -> None:
        channel = self._session.channel
        timelines = [channel.says] + [channel.hears] * self._mixed
        heard: Source = Mix((Frames(timeline), 0) for timeline in timelines)
        if self._first:
            self._protocol.send_text(self._first.encode())
        sent = channel.frame_now
        while not (self._over or channel.down) and self._protocol.state is State.OPEN:
            while sent < channel.frame_now:
                self._protocol.send_binary(heard.samples(sent * FRAME, FRAME).tobytes())
                sent += 1
            self._flush(sock)
            gevent.sleep(FRAME_SECONDS)
        if self._protocol.state is State.OPEN:
            self._protocol.send_close()
        self._flush(sock)

    def _flush(self, sock: socket.socket) -> None:
        try:
            for data in self._protocol.data_to_send():
                sock.sendall(data)
        except OSError:
            self._protocol.receive_eof()

    def _fire(self, what: str, body: str) -> None:
        subclass = f"mod_{self.kind}::{what}"
        self._session.channel.fire("CUSTOM", {"Event-Subclass": subclass}, body)


def command(kind: str) -> Callable[[SimSwitch, str], str]:
    """The API command of the module `mod_<kind>`."""

    def run(switch: SimSwitch, argument: str) -> str:
        if f"mod_{kind}" not in switch.settings.modules:
            return f"-ERR uuid_{kind} Command not found!\n"
        words = separate(argument, " ", 6)
        session = switch.session(words[0]) if words else None
        if session is None or len(words) < 2:
            return ERROR
        if words[1] == "start" and len(words) > 3:
            return _start(session, kind, words[2:])
        if words[1] == "stop" and session.fork is not None and session.fork.kind == kind:
            session.fork.stop()
            session.fork = None
            return OK
        return ERROR

    return run


def _start(session: Session, kind: str, words: list[str]) -> str:
    url, mix, *more = words
    if session.fork is not None or mix not in ("mono", "mixed"):
        return ERROR
    first = more[1] if len(more) > 1 else ""
    session.fork = Fork(session, kind, url, mixed=mix == "mixed", first=first)
    session.switch.spawn(f"fork of {session.channel.uuid}", session.fork.run)
    return OK


def load(switch: SimSwitch, argument: str) -> str:
    """`load mod_…`: it is there from now on."""
    modules = switch.settings.modules | {argument}
    switch.settings = switch.settings.with_changes({"modules": modules})
    return "+OK Reloading XML\n+OK\n"


def unload(switch: SimSwitch, argument: str) -> str:
    """`unload mod_…`."""
    modules = switch.settings.modules - {argument}
    switch.settings = switch.settings.with_changes({"modules": modules})
    return "+OK\n"
