"""A peer that plays FreeSWITCH on one event socket, line by line, as a test tells it.

All waits have a deadline, so a test that fails ends. Needs no patched modules: the sockets are
gevent's own.
"""

import socket as stdlib_socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import gevent
from gevent import socket

DEADLINE = 5.0  # seconds for what must happen
UUID = "0d1c2e3f-0000-4000-8000-000000000001"


class Hangs(AssertionError):
    """What should have ended at once did not."""


def promptly(what: Callable[..., Any], *arguments: Any, within: float = DEADLINE) -> Any:
    """The result, or the error, of something that must not wait longer than `within` seconds."""
    greenlet = gevent.spawn(what, *arguments)
    greenlet.join(timeout=within)
    if not greenlet.ready():
        greenlet.kill(block=False)
        raise Hangs(f"{what} still waits after {within} s")
    return greenlet.get()


def until(condition: Callable[[], Any], within: float = DEADLINE) -> Any:
    """Let others run until `condition` holds; returns what it returned."""
    with gevent.Timeout(within, Hangs("it does not become true")):
        while not (found := condition()):
            gevent.sleep(0.001)
    return found


# -- frames --------------------------------------------------------------------------------------


def frame(content_type: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\n".join(lines).encode() + b"\n\n" + body


def reply(text: str = "+OK") -> bytes:
    return frame("command/reply", Reply_Text=text)


def api_response(text: str = "+OK\n") -> bytes:
    return frame("api/response", text.encode())


def event(name: str, body: bytes = b"", **headers: str) -> bytes:
    """An event as switch_event_serialize writes it, values url-encoded."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    block = "".join(
        f"{key}: {quote(value, safe='')}\n"
        for key, value in {"Event-Name": name, "Unique-ID": UUID, **named}.items()
    )
    if body:
        block += f"Content-Length: {len(body)}\n"
    return frame("text/event-plain", block.encode() + b"\n" + body)


def completed(event_uuid: str, application: str = "playback", **headers: str) -> bytes:
    return event(
        "CHANNEL_EXECUTE_COMPLETE",
        Application_UUID=event_uuid,
        Application=application,
        Application_Response="FILE PLAYED",
        **{"variable_current_application": application, **headers},
    ).replace(b"variable-current-application", b"variable_current_application")


def channel_data(**headers: str) -> bytes:
    """The answer to `connect`: everything about the channel, as one reply without a body."""
    named = {
        "Event-Name": "CHANNEL_DATA",
        "Core-UUID": "core-1",
        "Unique-ID": UUID,
        "variable_uuid": UUID,
        "Caller-Caller-ID-Number": "+15551230001",
        "Answer-State": "ringing",
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }
    lines = [f"{key}: {quote(value, safe='')}" for key, value in named.items()]
    lines += ["Content-Type: command/reply", "Reply-Text: %2BOK%0A"]
    lines += ["Socket-Mode: async", "Control: full"]
    return "\n".join(lines).encode() + b"\n\n"


def linger_notice(seconds: int = 10) -> bytes:
    return frame(
        "text/disconnect-notice",
        b"Disconnected, goodbye.\n",
        Content_Disposition="linger",
        Linger_Time=str(seconds),
    )


def hangup_event(cause: str = "NORMAL_CLEARING") -> bytes:
    return event("CHANNEL_HANGUP", Hangup_Cause=cause)


# -- the peer ------------------------------------------------------------------------------------


class ScriptedSwitch:
    """One end of an event socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.settimeout(DEADLINE)
        self._buffer = bytearray()
        self._searched = 0

    def command(self, within: float = DEADLINE) -> str:
        """The next command that arrives, without its empty line."""
        self._sock.settimeout(within)
        while (end := self._buffer.find(b"\n\n", max(0, self._searched - 1))) < 0:
            self._searched = len(self._buffer)
            data = self._receive()
            assert data, "the connection was closed"
            self._buffer += data
        command, self._searched = self._buffer[:end].decode(), 0
        del self._buffer[: end + 2]
        return command

    def _receive(self) -> bytes:
        try:
            return self._sock.recv(65536)
        except TimeoutError:
            raise Hangs("no command arrives") from None

    def commands(self, count: int, within: float = DEADLINE) -> list[str]:
        return [self.command(within) for _ in range(count)]

    def send(self, *frames: bytes) -> None:
        """All frames in one write, so that they arrive together."""
        self._sock.sendall(b"".join(frames))

    def expect(self, start: str, *answer: bytes) -> str:
        """The next command, which must start so; answered by these frames (or `+OK`)."""
        command = self.command()
        assert command.startswith(start), f"{command!r} instead of {start!r}"
        self.send(*(answer or (reply(),)))
        return command

    def take_over(self, *, to_stay: bool = True, **channel: str) -> None:
        """Answer everything with which a call is taken over; one let go at once needs less."""
        self.expect("connect", channel_data(**channel))
        for start in ("linger", "filter Unique-ID", "event plain") if to_stay else ("linger",):
            self.expect(start)

    def executed(self) -> str:
        """The next command is an application: accept it; returns its Event-UUID."""
        lines = self.expect("sendmsg\ncall-command: execute").splitlines()
        return dict(line.split(": ", 1) for line in lines[1:])["Event-UUID"]

    def ended(self, within: float = DEADLINE) -> bool:
        """Whether the other side closes the connection in time, and says nothing more."""
        self._sock.settimeout(within)
        try:
            return self._sock.recv(65536) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def rest(self) -> bytes:
        """Everything that arrives until the other side closes or is silent for a moment."""
        self._sock.settimeout(0.05)
        data = bytes(self._buffer)
        with gevent.Timeout(DEADLINE, Hangs("it talks for ever")):
            while more := self._silently():
                data += more
        return data

    def _silently(self) -> bytes:
        try:
            return self._sock.recv(65536)
        except OSError:
            return b""

    def close(self) -> None:
        """As a switch that ends properly."""
        self._sock.close()

    def vanish(self) -> None:
        """As a switch that was killed: its kernel answers with a reset."""
        self._sock.setsockopt(
            stdlib_socket.SOL_SOCKET, stdlib_socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self._sock.close()


def listener() -> socket.socket:
    """A listening socket on a free port of the loopback."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(16)
    server.settimeout(DEADLINE)
    return server


@contextmanager
def connected() -> Iterator[tuple[socket.socket, ScriptedSwitch]]:
    """Our end of a TCP connection, and the switch at the other."""
    server = listener()
    peer = socket.create_connection(server.getsockname(), timeout=DEADLINE)
    ours, _ = server.accept()
    server.close()
    switch = ScriptedSwitch(peer)
    try:
        yield ours, switch
    finally:
        switch.close()
        ours.close()


def dial(address: tuple[str, int]) -> ScriptedSwitch:
    """A switch that connects to a server, as the `socket` application does."""
    return ScriptedSwitch(socket.create_connection(address, timeout=DEADLINE))
