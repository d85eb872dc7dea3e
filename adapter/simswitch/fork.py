"""One WebSocket that hears a call: it connects, sends what is said, and tells what becomes of it.

Source: amigniter/mod_audio_stream and drachtio/mod_audio_fork (their `eventCallback`).
"""

import json
from collections.abc import Callable
from urllib.parse import urlsplit

import gevent
from gevent import socket
from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from adapter.simswitch.audio import FRAME, Source
from adapter.simswitch.channel import Channel
from adapter.simswitch.timeline import Frames
from adapter.simswitch.voices import Mix

FAILED = {"audio_stream": "error", "audio_fork": "connect_failed"}
EXTRA_HEADERS = "STREAM_EXTRA_HEADERS"
FRAME_SECONDS = 0.02
CONNECT_SECONDS = 5.0


class Fork:
    """One WebSocket of one call."""

    def __init__(self, channel: Channel, kind: str, url: str, *, mixed: bool, first: str) -> None:
        self.kind = kind
        self._channel = channel
        self._url = url
        self._mixed = mixed
        self._first = first
        self._over = False
        headers = channel.get(EXTRA_HEADERS) if kind == "audio_stream" else None
        self._headers: dict[str, str] = json.loads(headers) if headers else {}
        self._protocol = ClientProtocol(parse_uri(url))

    def stop(self) -> None:
        """Close it; nothing more is told."""
        self._over = True

    def run(self, sock: socket.socket, spawn: Callable[..., gevent.Greenlet]) -> None:
        """Send until either side has had enough, and tell what becomes of it."""
        try:
            self._fire("connect", "")
            reader = spawn("WebSocket of a call", self._read, sock)
            self._send(sock)
            reader.kill()
            if not self._over and not self._channel.down:
                self._fire("disconnect", "")
        finally:
            sock.close()

    def tell_failed(self, error: Exception) -> None:
        """It could not connect."""
        self._fire(FAILED[self.kind], json.dumps({"reason": str(error)}))

    def connected(self) -> socket.socket:
        """Connect; raises OSError or EOFError where nobody is there or it was refused."""
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
        channel = self._channel
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
        self._channel.fire("CUSTOM", {"Event-Subclass": subclass}, body)
