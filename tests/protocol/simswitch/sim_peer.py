"""The adapter's end of an event socket, for tests of the simulated switch: raw frames."""

import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from gevent import socket

from adapter.simswitch import Caller

DEADLINE = 10.0
_LENGTH = re.compile(rb"^Content-Length: (\d+)", re.MULTILINE)


class Frame:
    """One frame: head, body, and the headers of both."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.head, self.body = head, body
        self.received_at = time.monotonic()
        if b"text/event-json" in head:
            self.headers = json.loads(body)
        else:
            inner = body.split(b"\n\n")[0] if b"text/event-plain" in head else head
            self.headers = dict(_pairs(inner))

    @property
    def name(self) -> str:
        return str(self.headers.get("Event-Name", ""))

    def get(self, header: str) -> str | None:
        return self.headers.get(header)


def _pairs(block: bytes) -> list[tuple[str, str]]:
    lines = block.decode("utf-8", "surrogateescape").split("\n")
    return [(name, unquote(value)) for name, _, value in (line.partition(": ") for line in lines)]


class Peer:
    """One connection, from either side."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.sock.settimeout(DEADLINE)
        self.events: list[Frame] = []
        self.notices: list[Frame] = []
        self.uuid = ""
        self._buffer = b""

    def send(self, text: str | bytes) -> None:
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def frame(self) -> Frame | None:
        """The next frame; None at the end of the stream."""
        while b"\n\n" not in self._buffer:
            if not self._more():
                return None
        head, _, self._buffer = self._buffer.partition(b"\n\n")
        found = _LENGTH.search(head)
        length = int(found.group(1)) if found else 0
        while len(self._buffer) < length:
            assert self._more(), "the stream ends inside a body"
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return self._sorted(Frame(head, body))

    def _sorted(self, frame: Frame) -> Frame:
        if b"text/event-" in frame.head:
            self.events.append(frame)
        elif b"disconnect-notice" in frame.head:
            self.notices.append(frame)
        return frame

    def _more(self) -> bool:
        data = self.sock.recv(65536)
        self._buffer += data
        return bool(data)

    def reply(self) -> Frame:
        """The next reply; events before it are kept."""
        while True:
            frame = self.frame()
            assert frame is not None, "the switch closed the connection"
            if b"command/reply" in frame.head or b"api/response" in frame.head:
                return frame

    def command(self, text: str) -> str:
        """Sends a command; returns the Reply-Text or the API's answer."""
        self.send(f"{text}\n\n")
        reply = self.reply()
        if b"api/response" in reply.head:
            return reply.body.decode("utf-8", "surrogateescape")
        return reply.headers.get("Reply-Text", "")

    def api(self, text: str) -> str:
        return self.command(f"api {text.replace('UUID', self.uuid)}")

    def connect(self) -> Frame:
        self.send("connect\n\n")
        reply = self.reply()
        self.uuid = str(reply.headers["Unique-ID"])
        return reply

    def execute(self, application: str, argument: str = "", *more: str, uuid: str = "") -> None:
        lines = ["sendmsg", "call-command: execute", f"execute-app-name: {application}", *more]
        if argument:
            lines.append(f"execute-app-arg: {argument}")
        if uuid:
            lines.append(f"Event-UUID: {uuid}")
        assert self.command("\n".join(lines)) == "+OK"

    def until(self, wanted: Callable[[Frame], bool]) -> Frame:
        """The first frame, of those kept and those to come, that is wanted."""
        for frame in [*self.events, *self.notices]:
            if wanted(frame):
                return frame
        while True:
            frame = self.frame()
            assert frame is not None, "the switch closed the connection"
            if wanted(frame):
                return frame

    def event(self, name: str, **headers: str) -> Frame:
        """Waits for an event; `Application_UUID="x"` asks for a header."""
        wanted = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.until(
            lambda frame: frame.name == name and all(frame.get(k) == v for k, v in wanted.items())
        )

    def completed(self, uuid: str) -> Frame:
        return self.event("CHANNEL_EXECUTE_COMPLETE", Application_UUID=uuid)

    def rest(self) -> list[Frame]:
        """Everything up to the end of the stream."""
        frames = []
        while (frame := self.frame()) is not None:
            frames.append(frame)
        return frames

    def names(self) -> list[str]:
        return [frame.name for frame in self.events]

    def close(self) -> None:
        self.sock.close()


Place = Callable[..., tuple[Peer, Caller]]  # a call's plan and the switch's changed settings


class FakeAdapter:
    """Accepts what the switch connects."""

    def __init__(self) -> None:
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self._listener.settimeout(DEADLINE)
        self.peers: list[Peer] = []

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def accept(self) -> Peer:
        peer = Peer(self._listener.accept()[0])
        self.peers.append(peer)
        return peer

    def close(self) -> None:
        for peer in self.peers:
            peer.close()
        self._listener.close()
