"""SWML's JavaScript, up to the door of the engine: which names a source uses, and what is code.

What a caller says or a web answer holds is data. It reaches the engine only as the value of a
name, never as a piece of the source: `${prompt_value} == 1` becomes `($_0) == 1` with `$_0` bound
to the value, and inside a quoted string `'${x}'` becomes `(''+($_0)+'')`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from adapter.swml.paths import Path, parse_path
from adapter.swml.templates import closing_brace

MAX_EXPRESSION = 1024
"""Characters of one expression; the specification's number."""

Evaluator = Callable[[str, Mapping[str, Any]], Any]
"""Evaluates a JavaScript expression with the given names bound to JSON values.

A name bound to UNDEFINED is `undefined` unless JavaScript itself knows it (`Math`). The value comes
back as JSON; raises ExpressionError.
"""


class _Undefined:
    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = _Undefined()
"""`undefined`: bound to a name, or the value of an expression."""

SCOPES: Final = ("vars", "envs", "call", "params")

_RESERVED: Final = re.compile(
    "arguments|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval"
    "|export|extends|false|finally|for|function|globalThis|if|implements|import|in|instanceof"
    "|interface|let|new|null|package|private|protected|public|return|static|super|switch|this|throw"
    "|true|try|typeof|undefined|var|void|while|with|yield|NaN|Infinity"
)
"""Names that cannot be bound."""
_NAME: Final = re.compile(r"(?<![\w$])(?<!(?<!\.)\.)(?:[^\W\d]|\$)[\w$]*")
"""A name that is no member of something: not after a dot, but after the three of a spread."""
_MEMBER: Final = re.compile(
    r"""\s*\??\.\s*([^\W\d][\w$]*)|\s*\[\s*(?:'([\w-]+)'|"([\w-]+)")\s*\]"""
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names in a source: `bare` ones, and per scope its members (None: all of the scope).

    Some may be words in a string or an object's keys: too many cost a little, too few would be
    wrong.
    """

    bare: tuple[str, ...]
    members: tuple[tuple[str, tuple[str, ...] | None], ...]


@lru_cache(maxsize=4096)
def names_in(source: str) -> Names:
    """What a source can refer to."""
    bare: dict[str, None] = {}
    members: dict[str, dict[str, None] | None] = {}
    for match in _NAME.finditer(source):
        name = match.group()
        if name in SCOPES:
            _note_member(members, name, _MEMBER.match(source, match.end()))
        elif _RESERVED.fullmatch(name) is None:
            bare[name] = None
    scopes = ((scope, None if keys is None else tuple(keys)) for scope, keys in members.items())
    return Names(tuple(bare), tuple(scopes))


def _note_member(
    members: dict[str, dict[str, None] | None], scope: str, match: re.Match[str] | None
) -> None:
    if match is None:
        members[scope] = None
        return
    keys = members.setdefault(scope, {})
    if keys is not None:
        keys[next(key for key in match.groups() if key is not None)] = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder of a condition: bound to `name`; its value is that of `path`."""

    name: str
    path: Path
    quoted: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A `when` with its placeholders taken out. `path` is set when all of it is one bare path."""

    source: str
    slots: tuple[Slot, ...]
    path: Path | None


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Condition:
    """A `when`: bare JavaScript, in which placeholders stand for values."""
    path = None if "-" in text else parse_path(text.strip())
    scanner = _ConditionScanner(text)
    return Condition(scanner.scan(), tuple(scanner.slots), path)


class _ConditionScanner:
    """Replaces the placeholders of a condition, knowing which ones stand inside quotes."""

    _TOKEN: Final = re.compile(r"""\\.|[$%]\{|["'`]""", re.DOTALL)

    def __init__(self, text: str) -> None:
        self.slots: list[Slot] = []
        self._text = text
        self._pieces: list[str] = []
        self._quote = ""
        self._opened = 0
        self._spliced = False

    def scan(self) -> str:
        done = 0
        while (match := self._TOKEN.search(self._text, done)) is not None:
            self._pieces.append(self._text[done : match.start()])
            done = self._take(match.group(), match.end())
        self._pieces.append(self._text[done:])
        return "".join(self._pieces).strip()

    def _take(self, mark: str, end: int) -> int:
        """Handles one mark; where to go on reading."""
        if mark[-1] == "{" and not (self._quote == "`" and mark == "${"):
            closed = closing_brace(self._text, end)
            if closed >= 0:
                self._pieces.append(self._bound(self._text[end:closed].strip()))
                return closed + 1
        self._pieces.append(mark)
        if mark == self._quote:
            self._close()
        elif not self._quote and mark in "\"'`":
            self._quote, self._opened, self._spliced = mark, len(self._pieces) - 1, False
        return end

    def _close(self) -> None:
        if self._spliced:
            self._pieces.insert(self._opened, "(")
            self._pieces.append(")")
        self._quote = ""

    def _bound(self, body: str) -> str:
        path, quote = parse_path(body), self._quote
        inner = f"({body})"
        if path is not None:
            self.slots.append(Slot(f"$_{len(self.slots)}", path, quoted=bool(quote)))
            inner = f"({self.slots[-1].name})"
        self._spliced = bool(quote)
        if quote == "`":
            return "${" + inner + "}"
        return f"{quote}+{inner}+{quote}" if quote else inner


_LITERAL: Final = re.compile(r"-?(?:0|[1-9]\d{0,15})(?:\.\d+)?")
WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
"""Words that need no engine."""


def literal(value: Any) -> Any:
    """Text that stands in a condition without quotes, as the literal that it would be there."""
    if not isinstance(value, str):
        return value
    if value in WORDS:
        return WORDS[value]
    if _LITERAL.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value
