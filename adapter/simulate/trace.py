"""What happened on a simulated call, in order: told line by line, as data, or as a text to keep.

The text is the same for every run of the same call: it has no times, and what is made up anew each
time (ids, ports, folders) has a name in it, `<recording-1>`.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from adapter.log import hide_credentials

SHORT = 100
"""Characters of one value in a line."""

LONGEST_LINE = 160

_UUID = re.compile(
    r"(recordings/|recording_id=|control_id=|swml_session=|swml:)?"
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
_KINDS = {"swml": "session", "control": "control", "recording": "recording"}
"""What an id is, by how that begins which it is the value of, or which stands before it."""


class Kind(StrEnum):
    """What an entry tells of."""

    CALL = "call"
    STEP = "step"
    SWITCH = "switch"
    HTTP = "http"
    CALLBACK = "callback"
    RECORDING = "recording"
    SET = "set"
    CALLER = "caller"
    WARNING = "warning"
    HANGUP = "hangup"
    END = "end"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, `at` seconds after the call began."""

    at: float
    kind: Kind
    text: str
    facts: Mapping[str, Any]

    def __str__(self) -> str:
        """As a line without its time: a step by its path, what it did below it."""
        if self.kind is Kind.STEP:
            return self.text
        if self.kind in (Kind.CALL, Kind.HANGUP, Kind.END):
            return f"{self.kind} {self.text}"
        return f"  {self.kind:<9} {self.text}"

    def as_data(self) -> dict[str, Any]:
        """As JSON."""
        return {"at": round(self.at, 2), "kind": str(self.kind), **self.facts}


class Names:
    """Names for what is made up anew in each run, given in the order in which it is seen."""

    def __init__(self) -> None:
        self._known: dict[re.Pattern[str], str] = {}
        self._ids: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def know(self, pattern: str, name: str) -> None:
        """Write `name` wherever the regular expression fits."""
        self._known[re.compile(pattern)] = name

    def __call__(self, value: Any, kind: str = "id") -> Any:
        """`value`, at any depth, with names; ids that are not known are of this kind."""
        match value:
            case str():
                return self._text(value, kind)
            case Mapping():
                return {key: self(item, _kind_of(str(key))) for key, item in value.items()}
            case list() | tuple():
                return [self(item, kind) for item in value]
            case _:
                return value

    def _text(self, text: str, kind: str) -> str:
        text = hide_credentials(text)
        for known, name in self._known.items():
            text = known.sub(name, text)
        return _UUID.sub(lambda match: self._id(match[1] or "", match[2], kind), text)

    def _id(self, before: str, found: str, kind: str) -> str:
        if found not in self._ids:
            kind = _kind_of(before) if before else kind
            self._counts[kind] += 1
            self._ids[found] = f"<{kind}-{self._counts[kind]}>"
        return before + self._ids[found]


def _kind_of(name: str) -> str:
    return next((kind for start, kind in _KINDS.items() if name.startswith(start)), "id")


@dataclass(slots=True)
class Trace:
    """Everything that happened, as it happens: `tell` is given each entry at once."""

    clock: Callable[[], float] = time.monotonic
    tell: Callable[[Entry], None] = lambda _: None
    names: Names = field(default_factory=Names)
    entries: list[Entry] = field(default_factory=list)
    began: float | None = None

    def add(self, kind: Kind, text: str, **facts: Any) -> None:
        """Something happened now; in `text`, `{name}` is a fact, shortened."""
        named = self.names(facts)
        shown = {
            name: listed(value) if name == "params" else shortened(value)
            for name, value in named.items()
        }
        line = shortened(text.format_map(shown), LONGEST_LINE)
        self.began = self.clock() if self.began is None else self.began
        entry = Entry(self.clock() - self.began, kind, line, named)
        self.entries.append(entry)
        self.tell(entry)

    def stop(self) -> None:
        """Nothing happens after this: what is still told happened with the last entry."""
        last = (self.began or 0.0) + (self.entries[-1].at if self.entries else 0.0)
        self.clock = lambda: last

    def lines(self) -> list[str]:
        """The text to keep."""
        return [str(entry) for entry in self.entries]

    def of(self, kind: Kind) -> Iterable[Entry]:
        """The entries of a kind."""
        return (entry for entry in self.entries if entry.kind is kind)


def listed(params: Mapping[str, Any]) -> str:
    """Parameters in one line, each value shortened."""
    return ", ".join(f"{name}: {shortened(value)}" for name, value in params.items())


def shortened(value: Any, most: int = SHORT) -> str:
    """A value in one line, no longer than `most`: text as it stands, all else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
