"""Events as the switch sends them: header blocks, cached because a call's data hardly changes.

Rules (switch_event.c)
- An event is a head (name, date, sequence), the channel's data, its variables, its own headers.
- A `Block` is a snapshot of headers and never changes; each form is rendered at most once.
- `Variables` keeps every variable's rendered line, so that a changed one costs one line.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from functools import cache

from adapter.simswitch import frames


class Block:
    """Headers that belong together, with their rendered forms."""

    __slots__ = ("_json", "headers", "plain")

    def __init__(self, headers: Mapping[str, str], plain: bytes | None = None) -> None:
        self.headers = headers
        self.plain = render(headers) if plain is None else plain
        self._json: bytes | None = None

    @property
    def json(self) -> bytes:
        """Members without the braces around them."""
        if self._json is None:
            pairs = self.headers.items()
            self._json = b",".join([frames.json_pair(name, value) for name, value in pairs])
        return self._json


def render(headers: Mapping[str, str]) -> bytes:
    return b"".join([frames.header_line(name, value) for name, value in headers.items()])


class LazyBlock(Block):
    """A rendered block whose headers are made only if somebody looks at them."""

    __slots__ = ("_headers", "_make")

    def __init__(self, plain: bytes, make: Callable[[], dict[str, str]]) -> None:
        self.plain = plain
        self._json = None
        self._make = make
        self._headers: dict[str, str] | None = None

    @property
    def headers(self) -> Mapping[str, str]:  # type: ignore[override]
        if self._headers is None:
            self._headers = self._make()
        return self._headers


EMPTY_BLOCK = Block({}, b"")


class Variables:
    """A channel's variables, in the order they were last set; names are case-insensitive.

    A value is never empty: setting nothing removes the variable (switch_channel.c).
    """

    def __init__(self, initial: Mapping[str, str]) -> None:
        named = {name.lower(): (name, value) for name, value in initial.items() if value}
        self._values: dict[str, tuple[str, str]] = named
        self._lines = {key: _variable_line(name, value) for key, (name, value) in named.items()}
        self._block: Block | None = None

    def copy(self, changes: Mapping[str, str]) -> "Variables":
        """The same with some replaced where they stand; cheaper than a new one."""
        made = Variables.__new__(Variables)
        made._values, made._lines, made._block = self._values.copy(), self._lines.copy(), None
        for name, value in changes.items():
            key = name.lower()
            made._values[key] = (name, value)
            made._lines[key] = _variable_line(name, value)
        return made

    def set(self, name: str, value: str | None) -> None:
        key = name.lower()
        self._block = None
        if self._values.pop(key, None) is not None:
            del self._lines[key]
        if not value:
            return
        self._values[key] = (name, value)
        self._lines[key] = _variable_line(name, value)

    def update(self, values: Mapping[str, str]) -> None:
        """Sets variables that all have a value."""
        self._block = None
        for name, value in values.items():
            key = name.lower()
            self._values.pop(key, None)
            self._lines.pop(key, None)
            self._values[key] = (name, value)
            self._lines[key] = _variable_line(name, value)

    def get(self, name: str) -> str | None:
        found = self._values.get(name.lower())
        return found[1] if found else None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(list(self._values.values()))

    def block(self) -> Block:
        if self._block is None:
            values = self._values.copy()
            self._block = LazyBlock(b"".join(self._lines.values()), lambda: _prefixed(values))
        return self._block


def _variable_line(name: str, value: str) -> bytes:
    return frames.header_line(f"variable_{name}", value)


def _prefixed(values: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {f"variable_{name}": value for name, value in values.values()}


class Event:
    """One event, rendered for as many listeners as want it."""

    __slots__ = ("_forms", "blocks", "body", "name", "uuid")

    def __init__(self, name: str, uuid: str | None, blocks: list[Block], body: str = "") -> None:
        self.name = name
        self.uuid = uuid
        self.blocks = blocks
        self.body = body
        self._forms: dict[str, bytes] = {}

    def get(self, header: str) -> str | None:
        """A header's value by its name, case-insensitively as the switch compares."""
        for block in self.blocks:
            if header in block.headers:
                return block.headers[header]
        wanted = header.lower()
        for block in self.blocks:
            for name, value in block.headers.items():
                if name.lower() == wanted:
                    return value
        return None

    def frame(self, kind: str) -> bytes:
        """The event as one frame, `kind` plain or json."""
        if kind not in self._forms:
            body = self.as_json() if kind == "json" else self.as_plain()
            self._forms[kind] = frames.event_frame(body, kind)
        return self._forms[kind]

    def as_plain(self) -> bytes:
        """The serialised event, as it stands in the frame and as `uuid_dump` prints it."""
        parts = [block.plain for block in self.blocks]
        if self.body:
            body = frames.raw(self.body)
            return b"".join(parts) + b"Content-Length: %d\n\n%s" % (len(body), body)
        return b"".join(parts) + b"\n"

    def as_json(self) -> bytes:
        """The event as JSON, one member a header."""
        parts = [block.json for block in self.blocks if block.headers]
        if self.body:
            length = str(len(frames.raw(self.body)))
            parts.append(frames.json_pair("Content-Length", length))
            parts.append(frames.json_pair("_body", self.body))
        return b"{" + b",".join(parts) + b"}"


@cache
def _source_block(source: tuple[str, str, int]) -> Block:
    """Where in a switch's source an event is fired."""
    file, function, line = source
    return Block(
        {
            "Event-Calling-File": file,
            "Event-Calling-Function": function,
            "Event-Calling-Line-Number": str(line),
        }
    )


class EventHeads:
    """The first headers of every event of one switch."""

    def __init__(self, core_uuid: str, hostname: str) -> None:
        self._fixed = {
            "Core-UUID": core_uuid,
            "FreeSWITCH-Hostname": hostname,
            "FreeSWITCH-Switchname": hostname,
            "FreeSWITCH-IPv4": "127.0.0.1",
            "FreeSWITCH-IPv6": "::1",
        }
        self._fixed_plain = Block(self._fixed).plain
        self._sequence = 0
        self._second = -1
        self._date: Block = EMPTY_BLOCK

    def next(self, name: str, source: tuple[str, str, int]) -> Block:
        """The head of a new event; `source` is the file, function and line that fire it."""
        self._sequence += 1
        sequence, now = self._sequence, time.time()
        date = self._date_block(int(now))
        return LazyBlock(
            self._render(name, source, now),
            lambda: {
                "Event-Name": name,
                **self._fixed,
                **date.headers,
                "Event-Date-Timestamp": str(int(now * 1_000_000)),
                **_source_block(source).headers,
                "Event-Sequence": str(sequence),
            },
        )

    def plain(self, name: str, source: tuple[str, str, int]) -> bytes:
        """The same as bytes only."""
        self._sequence += 1
        return self._render(name, source, time.time())

    def _render(self, name: str, source: tuple[str, str, int], now: float) -> bytes:
        return b"Event-Name: %s\n%s%sEvent-Date-Timestamp: %d\n%sEvent-Sequence: %d\n" % (
            name.encode(),
            self._fixed_plain,
            self._date_block(int(now)).plain,
            int(now * 1_000_000),
            _source_block(source).plain,
            self._sequence,
        )

    def _date_block(self, second: int) -> Block:
        if second != self._second:
            self._second = second
            local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
            gmt = formatdate(second, usegmt=True)
            self._date = Block({"Event-Date-Local": local, "Event-Date-GMT": gmt})
        return self._date
