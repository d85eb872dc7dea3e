"""The bytes of mod_event_socket: commands in, frames out. Pure.

Rules (mod_event_socket.c read_packet, listener_run; switch_event.c switch_event_serialize)
- A command is one line, header lines, an empty line; empty lines before it are skipped and
  carriage returns ignored. A `content-length` header says how many bytes of body follow.
- A reply is `command/reply` with Reply-Text, an API's answer is `api/response` with a length.
- Values in events are url-encoded and an empty one is written `_undef_`. `%` in front of two
  upper case hex digits is left alone, as the switch does: what it prints is not reversible.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from adapter.simswitch.strings import atoi

MAX_COMMAND_BYTES = 10 * 1024 * 1024  # read_packet's max_len: more without an end is cut off

RENDERED_LINES = 8192  # lines of events that are kept rendered, about 1 MB

_UNSAFE = re.compile(rb'%(?![0-9A-F]{2})|[\x00-\x20"#&+:;<=>?@\[\\\]^`{|}\x7f-\xff]')
_PERCENT = [b"%%%02X" % byte for byte in range(256)]


class WireFault(Exception):
    """The peer sent what no switch would read on from; the connection ends."""


class Command(NamedTuple):
    """One command as the switch reads it: its line, its headers (names lower case), its body."""

    line: str
    headers: dict[str, str]
    body: str = ""

    def get(self, name: str) -> str | None:
        return self.headers.get(name)


class CommandReader:
    """Bytes in, commands out."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[Command]:
        """Yields every command that `data` completes; raises WireFault on an endless one."""
        self._buffer += data
        while self._buffer:
            command = self._next()
            if command is None:
                break
            yield command
        if len(self._buffer) > MAX_COMMAND_BYTES:
            raise WireFault("a command without an end")

    def _next(self) -> Command | None:
        self._buffer = self._buffer.lstrip(b"\r\n")
        end, skip = _end_of_head(self._buffer)
        if end < 0:
            return None
        line, *rest = text(self._buffer[:end]).replace("\r", "\n").split("\n")
        headers = _headers(rest)
        length = atoi(headers.get("content-length")) if rest else 0
        if length < 0:
            raise WireFault("content-length below zero")
        if len(self._buffer) < end + skip + length:
            return None
        body = self._buffer[end + skip : end + skip + length]
        self._buffer = self._buffer[end + skip + length :]
        return Command(line, headers, text(body))


def _end_of_head(buffer: bytes) -> tuple[int, int]:
    end = buffer.find(b"\n\n")
    if b"\r" not in buffer:
        return end, 2
    found = re.search(rb"\r?\n\r?\n", buffer)
    return (found.start(), found.end() - found.start()) if found else (-1, 0)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.lower(), value.lstrip(" "))
    return headers


def text(raw: bytes) -> str:
    """Bytes of the wire as text that turns back into the same bytes."""
    return raw.decode("utf-8", "surrogateescape")


def raw(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def url_encode(value: str) -> bytes:
    """switch_url_encode without double encoding."""
    return _UNSAFE.sub(lambda m: _PERCENT[m.group()[0]], raw(value))


@lru_cache(maxsize=RENDERED_LINES)
def header_line(name: str, value: str) -> bytes:
    """One line of a plain event; most lines of a call are those of the call before."""
    return b"%s: %s\n" % (raw(name), url_encode(value) or b"_undef_")


def json_pair(name: str, value: str) -> bytes:
    """One member of a JSON event, as cJSON prints it (bytes beyond ASCII as they are)."""
    return raw(json.dumps(name, ensure_ascii=False) + ":" + json.dumps(value, ensure_ascii=False))


def reply(message: str) -> bytes:
    """The answer to a command; `~` marks one that brings its own headers."""
    if message.startswith("~"):
        return raw(f"Content-Type: command/reply\n{message[1:]}")
    return raw(f"Content-Type: command/reply\nReply-Text: {message}\n\n")


def api_response(answer: str) -> bytes:
    body = raw(answer) or b"-ERR no reply\n"
    return b"Content-Type: api/response\nContent-Length: %d\n\n%s" % (len(body), body)


def event_frame(body: bytes, kind: str) -> bytes:
    return b"Content-Length: %d\nContent-Type: text/event-%s\n\n%s" % (
        len(body),
        kind.encode(),
        body,
    )


AUTH_REQUEST = b"Content-Type: auth/request\n\n"
GOODBYE = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"


def linger_notice(uuid: str, channel_name: str, seconds: int) -> bytes:
    """Sent once the call is gone and the socket stays open (`seconds` -1: without end)."""
    return raw(
        "Content-Type: text/disconnect-notice\n"
        f"Controlled-Session-UUID: {uuid}\n"
        "Content-Disposition: linger\n"
        f"Channel-Name: {channel_name}\n"
        f"Linger-Time: {seconds}\n"
        "Content-Length: 0\n\n"
    )


def disconnect_notice(uuid: str | None) -> bytes:
    """The last frame before the switch closes the socket."""
    controlled = f"Controlled-Session-UUID: {uuid}\nContent-Disposition: disconnect\n"
    head = "Content-Type: text/disconnect-notice\n" + (controlled if uuid else "")
    return raw(f"{head}Content-Length: {len(GOODBYE)}\n\n") + GOODBYE
