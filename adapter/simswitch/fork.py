"""One WebSocket that hears a call: it connects, sends what is said, and tells what becomes of it.

Source: amigniter/mod_audio_stream and drachtio/mod_audio_fork (their `eventCallback`), and what was
seen of both on a running switch.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import socket
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from adapter.simswitch.audio import FRAME
from adapter.simswitch.channel import Channel
from adapter.simswitch.fork_messages import Messages
from adapter.simswitch.timeline import Frames
from adapter.simswitch.voices import Mix

EXTRA_HEADERS = "STREAM_EXTRA_HEADERS"
FRAME_SECONDS = 0.02
CONNECT_SECONDS = 5.0
BASE_RATE = 8000
CONNECT_FAILED, IO_FAILED = 6, 1
"""Codes of mod_audio_stream's errors."""


class Fork:
    """One WebSocket of one call."""

    def __init__(
        self,
        channel: Channel,
        kind: str,
        bug: str,
        url: str,
        *,
        mixed: bool,
        rate: int,
        first: str,
        folder: str,
    ) -> None:
        self.kind = kind
        self.bug = bug
        self._channel = channel
        self._url = url
        self._mixed = mixed
        self._times = rate // BASE_RATE
        self._first = first
        self._messages = Messages(channel, kind, folder)
        self._over = False
        headers = channel.get(EXTRA_HEADERS) if kind == "audio_stream" else None
        self._headers: dict[str, str] = json.loads(headers) if headers else {}
        self._protocol = ClientProtocol(parse_uri(url))

    def stop(self) -> None:
        """Close it; nothing more is told."""
        self._over = True

    def run(self, sock: socket.socket, spawn: Callable[..., gevent.Greenlet]) -> bool:
        """Send until either side has had enough, and tell what becomes of it; False: an error."""
        try:
            self._fire("connect", {"status": "connected"})
            reader = spawn("WebSocket of a call", self._read, sock)
            self._send(sock)
            reader.kill()
            return self._over or self._channel.down or self._tell_end()
        finally:
            sock.close()
            self._messages.forget()

    def _tell_end(self) -> bool:
        """Without a goodbye it is an error of mod_audio_stream's."""
        code, reason = self._protocol.close_code, self._protocol.close_reason
        if self.kind == "audio_stream" and self._protocol.close_rcvd is None:
            self._fire("error", _error(IO_FAILED, "Connection closed without WebSocket CLOSE"))
            return False
        closed = {"code": code, "reason": reason}
        self._fire("disconnect", {"status": "disconnected", "message": closed})
        return True

    def tell_failed(self, error: Exception) -> None:
        """It could not connect; mod_audio_fork says nothing of a name that is not known."""
        if self.kind == "audio_stream":
            self._fire("error", _error(CONNECT_FAILED, str(error)))
        elif not isinstance(error, socket.gaierror):
            self._fire("connect_failed", {"reason": str(error)})

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
            for frame in self._protocol.events_received():
                if isinstance(frame, Frame) and frame.opcode is Opcode.TEXT:
                    self._hear(bytes(frame.data).decode())

    def _hear(self, text: str) -> None:
        if news := self._messages.news_of(text):
            self._channel.fire("CUSTOM", {"Event-Subclass": f"mod_{self.kind}::{news[0]}"}, news[1])

    def _send(self, sock: socket.socket) -> None:
        channel = self._channel
        if self._first:
            self._protocol.send_text(self._first.encode())
        packets = self._packets(channel.frame_now)
        while not (self._over or channel.down) and self._protocol.state is State.OPEN:
            for packet in packets:
                if packet is None:
                    break
                self._protocol.send_binary(packet)
            self._flush(sock)
            gevent.sleep(FRAME_SECONDS)
        if self._protocol.state is State.OPEN:
            self._protocol.send_close()
        self._flush(sock)

    def _packets(self, frame: int) -> Iterator[bytes | None]:
        """Each frame of the sound from this one on; None: there is no more for now.

        `mixed` sends while the party hears something, and then what it had said before first
        (switch_core_media_bug.c, `switch_core_media_bug_read`, which both call with `fill`).
        """
        says, hears = Frames(self._channel.says), Frames(self._channel.hears)
        said = frame
        while True:
            if frame >= self._channel.frame_now:
                yield None
                continue
            heard = self._channel.hears.at(frame) is not None
            if not self._mixed:
                yield self._at_rate(says.samples(frame * FRAME, FRAME))
            elif heard:
                both = Mix(((says, said * FRAME), (hears, frame * FRAME)))
                yield self._at_rate(both.samples(0, FRAME))
                said += 1
            frame += 1

    def _at_rate(self, samples: array[int]) -> bytes:
        """Each sample so many times: without a filter."""
        if self._times == 1:
            return samples.tobytes()
        return array("h", (one for one in samples for _ in range(self._times))).tobytes()

    def _flush(self, sock: socket.socket) -> None:
        try:
            for data in self._protocol.data_to_send():
                sock.sendall(data)
        except OSError:
            self._protocol.receive_eof()

    def _fire(self, what: str, told: Mapping[str, Any]) -> None:
        """mod_audio_fork has a body for a failed connection alone."""
        named = self.kind == "audio_stream" or what == "connect_failed"
        subclass = f"mod_{self.kind}::{what}"
        body = json.dumps(told, separators=(",", ":")) if named else ""
        self._channel.fire("CUSTOM", {"Event-Subclass": subclass}, body)


def _error(code: int, text: str) -> dict[str, Any]:
    return {"status": "error", "message": {"code": code, "error": text}}
