"""The event socket's wire: bytes in, frames out. No socket, no gevent.

A frame is a block of `Name: value` lines, an empty line and, when a `Content-Length` says so,
a body (mod_event_socket.c, `listener_run`). An event frame (`text/event-plain`) carries the
event's own header block as its body, values url-encoded, and behind it the event's own body.

Rules:

- Everything is split on bytes and decoded one value at a time, after the split: `%0A` in a
  caller's name is a newline in a *value* and can never become a header.
- Lines end at `\\n` and nowhere else (U+2028 and U+0085 are text).
- Bytes that are no UTF-8 become U+FFFD; they end neither a frame nor the connection.
- A real event has 6 to 7 kB in 100 to 170 headers, of which we read three. So a block stays raw
  and `Headers.get` looks for the one that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from adapter.freeswitch.errors import WireError

MAX_HEAD = 256 * 1024
"""Bytes of one header block; the answer to `connect` is 8 to 20 kB, SDPs and headers included."""

MAX_BODY = 8 * 1024 * 1024
"""Bytes of one body; the largest that we ask for is `show channels` of a busy switch."""

_END_OF_HEAD = b"\n\n"

_COMMON_HEAD = re.compile(
    rb"(?:Content-Length: (\d{1,7})\n)?Content-Type: ([a-z/-]+)\n"
    rb"(?:Content-Length: (\d{1,7})\n|Reply-Text: [^\n]*\n)?\n"
)
"""What nearly every frame begins with, recognised in one step."""


def decode(value: bytes) -> str:
    """A header's value as text: url-decoded, bytes that are no UTF-8 replaced by U+FFFD.

    An empty value is sent as `_undef_` (switch_event.c, `switch_event_serialize`).
    """
    if b"%" in value:
        value = unquote_to_bytes(value)
    elif value == b"_undef_":
        return ""
    return value.decode("utf-8", "replace")


@lru_cache(maxsize=512)
def _key(name: str) -> bytes:
    return b"\n%b:" % name.encode()


@lru_cache(maxsize=64)
def _lines(prefix: str) -> re.Pattern[bytes]:
    return re.compile(rb"\n%b([^\n:]*):([^\n]*)" % re.escape(prefix.encode()))


@lru_cache(maxsize=64)
def _content_type(value: bytes) -> str:
    return value.decode()


class Headers:
    """A block of `Name: value` lines, decoded only where it is read."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = b"\n" + raw

    def get(self, name: str, default: str = "") -> str:
        """The value of the first header of this name (case as FreeSWITCH writes it)."""
        raw, key = self._raw, _key(name)
        start = raw.find(key)
        if start < 0:
            return default
        end = raw.find(b"\n", start + len(key))
        return decode(raw[start + len(key) : end if end >= 0 else None].strip(b" \r"))

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._raw

    def __getitem__(self, name: str) -> str:
        if name not in self:
            raise KeyError(name)
        return self.get(name)

    def items(self) -> Iterator[tuple[str, str]]:
        """Every header in order. A line without a colon belongs to nothing and is left out."""
        for line in self._raw.split(b"\n"):
            name, colon, value = line.partition(b":")
            if colon:
                yield name.decode("utf-8", "replace"), decode(value.strip(b" \r"))

    def part(self, prefix: str) -> Headers:
        """The headers whose names start with `prefix`, as a block of their own.

        To look for one in a channel's 6 kB takes 3 to 8 µs, the longer when it is not there.
        """
        start = b"\n" + prefix.encode()
        lines = self._raw.split(start)[1:]
        return Headers(start.join([b"", *[line.split(b"\n", 1)[0] for line in lines]])[1:])

    def starting(self, prefix: str) -> dict[str, str]:
        """The headers whose names start with `prefix`, without it; the others stay raw."""
        return {
            name.decode("utf-8", "replace"): decode(value.strip(b" \r"))
            for name, value in _lines(prefix).findall(self._raw)
        }


class Frame(Headers):
    """One frame: its headers, and its body as it came."""

    __slots__ = ("body", "content_type")

    def __init__(self, head: bytes, body: bytes = b"", content_type: str | None = None) -> None:
        self._raw = b"\n" + head
        self.content_type = self.get("Content-Type") if content_type is None else content_type
        self.body = body

    @property
    def reply(self) -> str:
        """What a command or API call answered: `+OK …`, `-ERR …`, or an API's text."""
        if self.content_type == "api/response":
            return self.body.decode("utf-8", "replace").rstrip("\n")
        return self.get("Reply-Text")

    def event(self) -> Event:
        """The event that a `text/event-plain` frame carries."""
        # Its own Content-Length announces an event's body. Hardly any has one, which is found out
        # soonest from the end.
        if self.body.rfind(b"\nContent-Length:") < 0:
            return Event(self.body)
        head, _, body = self.body.partition(_END_OF_HEAD)
        return Event(head, body)


class Event(Headers):
    """A switch event: lazily decoded headers and the event's own body."""

    __slots__ = ("body", "name")

    def __init__(self, head: bytes, body: bytes = b"") -> None:
        super().__init__(head)
        self.name = self.get("Event-Name")
        self.body = body

    def __repr__(self) -> str:
        return f"<Event {self.name} {self.get('Unique-ID')}>"


class FrameReader:
    """Turns what arrives, in pieces of any size, into frames.

    >>> reader = FrameReader()
    >>> [frame.reply for frame in reader.receive(b"Content-Type: command/reply\\nReply-Te")]
    []
    >>> [frame.reply for frame in reader.receive(b"xt: +OK\\n\\n")]
    ['+OK']
    """

    __slots__ = ("_buffer", "_frame", "_length", "_max_body", "_max_head", "_scanned")

    def __init__(self, *, max_head: int = MAX_HEAD, max_body: int = MAX_BODY) -> None:
        self._buffer = bytearray()
        self._frame: Frame | None = None
        self._length = 0
        self._scanned = 0
        self._max_head = max_head
        self._max_body = max_body

    def receive(self, data: bytes | memoryview) -> Iterator[Frame]:
        """Take what the socket gave; yields each frame that is whole.

        Raises `WireError` when the bytes cannot be frames: the connection is beyond repair.
        """
        self._buffer += data
        while self._buffer:
            frame = self._frame = self._frame or self._head()
            if frame is None or len(self._buffer) < self._length:
                return
            if self._length:
                frame.body = bytes(self._buffer[: self._length])
                del self._buffer[: self._length]
            self._frame = None
            yield frame

    def end(self) -> None:
        """The stream has ended; raises `WireError` if that was inside a frame."""
        if self._frame is not None or self._buffer.strip(b"\n"):
            raise WireError("the stream ended inside a frame")

    def _head(self) -> Frame | None:
        """The next frame without its body; None while its headers are not whole."""
        buffer = self._buffer
        if common := _COMMON_HEAD.match(buffer):
            return self._common_head(common)
        # A value that ends in newlines (`getvar switch_r_sdp`) leaves strays between two frames.
        while buffer.startswith(b"\n"):
            del buffer[:1]
        end = buffer.find(_END_OF_HEAD, max(0, self._scanned - 1))
        if (end if end >= 0 else len(buffer)) > self._max_head:
            raise WireError(f"a header block of more than {self._max_head} bytes")
        if end < 0:
            self._scanned = len(buffer)
            return None
        frame = Frame(bytes(buffer[:end]))
        del buffer[: end + 2]
        self._scanned = 0
        self._length = self._body_length(frame)
        return frame

    def _common_head(self, match: re.Match[bytes]) -> Frame:
        before, content_type, after = match.groups()
        frame = Frame(match[0][:-2], content_type=_content_type(content_type))
        self._length = self._limited(int(before or after or 0))
        del self._buffer[: match.end()]
        self._scanned = 0
        return frame

    def _body_length(self, frame: Frame) -> int:
        if not frame.content_type:
            raise WireError("a frame without Content-Type")
        text = frame.get("Content-Length", "0")
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            raise WireError(f"a Content-Length that is no number: {text[:40]!r}")
        return self._limited(int(text))

    def _limited(self, length: int) -> int:
        if length > self._max_body:
            raise WireError(f"a body of {length} bytes; at most {self._max_body} are read")
        return length
