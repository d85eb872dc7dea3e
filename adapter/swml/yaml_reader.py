"""YAML text to plain values, with the line of every node and limits against hostile text.

Built on libyaml's events rather than on a loader, because a loader loses lines, keeps the last of
two equal keys in silence and follows YAML 1.1 into traps that documents step into:

- keys are their text, so `1:` and `'1':` are the same switch case, and `yes:` is no boolean;
- `+15551234567` and `007` are text: as numbers they would lose what is dialled;
- `yes`, `12:30`, `2024-01-01` and `1_000` are text (YAML 1.2 core schema).
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from adapter.swml import hints

MAX_DEPTH = 64
"""Lists and objects inside each other. Documents with AI functions reach about twenty."""
MAX_NODES = 40_000
"""Values in a document, aliases counted as often as they are used, and the placeholders in them:
ten times a very long one, and read in a tenth of a second."""

_INT: Final = re.compile(r"0|-?[1-9]\d{0,17}|-0")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]{1,15}")
_FLOAT: Final = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d{1,3})?")
_WORDS: Final[dict[str, Any]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TAG: Final = "tag:yaml.org,2002:"
_TOO_DEEP: Final = "maximum nesting depth"
"""What libyaml from 0.2.6 on says at 1,000 levels, which it reaches ahead of the events."""


class ReadError(Exception):
    """Text that is not a document; `deep` when it is nested too deep."""

    def __init__(self, message: str, line: int | None = None, *, deep: bool = False) -> None:
        self.message = message
        self.line = line
        self.deep = deep
        super().__init__(message)


def too_deep(line: int | None = None) -> ReadError:
    """The error of a text that is nested deeper than MAX_DEPTH."""
    return ReadError(f"nested more than {MAX_DEPTH} levels deep", line, deep=True)


@dataclass(slots=True)
class Tree:
    """What was read: the value, lines by path (`sections.main[2].play`), paths of repeated keys."""

    value: Any
    lines: dict[str, int] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)


def read_yaml(text: str, *, lines: bool = False) -> Tree:
    """Reads one YAML document. Raises ReadError.

    Without `lines`, which a document needs only if something is wrong with it, it takes a third
    less time; where a key is repeated they come all the same.
    """
    tree = _read(text, _Composer(lines=lines))
    return read_yaml(text, lines=True) if tree.repeated and not lines else tree


def _read(text: str, composer: "_Composer") -> Tree:
    try:
        parser = yaml.CSafeLoader(text)
        while (event := parser.get_event()) is not None:
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        hint, line = hints.not_yaml(error, text)
        if _TOO_DEEP in (error.problem or ""):
            raise too_deep(line) from None
        raise ReadError(f"{_problem(error)}{hint}", line) from None
    except yaml.reader.ReaderError as error:
        # Its position counts bytes.
        line = text.encode("utf-8", "replace").count(b"\n", 0, error.position) + 1
        message = f"this is not YAML: the character #x{error.character:02x} is not allowed"
        raise ReadError(message, line) from None
    except yaml.YAMLError as error:
        raise ReadError(f"this is not YAML: {error}") from None
    return composer.tree


def _problem(error: yaml.MarkedYAMLError) -> str:
    said = ", ".join(part for part in (error.context, error.problem) if part)
    return f"this is not YAML: {said}"


@dataclass(slots=True)
class _Open:
    """A list or object that is being read; `key` is the key whose value comes next.

    `height` counts the levels of lists and objects inside, itself included.
    """

    value: Any
    path: str
    anchor: str | None
    nodes_before: int
    height: int = 1
    key: str | None = None
    merges: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for, and what it adds to the document."""

    value: Any
    nodes: int = 1
    height: int = 0


class _Composer:
    """Builds the value from events, iteratively: depth costs no stack."""

    def __init__(self, *, lines: bool) -> None:
        self.tree = Tree(None)
        self._lines = lines
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise ReadError("there is more than one YAML document", _line(event))

    def scalar(self, event: Any) -> None:
        self._count(1 + event.value.count("{"), event)
        top = self._open[-1] if self._open else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._take_key(top, event)
            return
        value = _scalar(event)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value)
        self._place(value, event)

    def begin(self, event: Any) -> None:
        self._count(1, event)
        self._check_depth(1, event)
        top = self._open[-1] if self._open else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise ReadError("a key must be plain text", _line(event))
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._path() if self._lines else ""
        self._place(value, event)
        self._open.append(_Open(value, path, event.anchor, self._nodes - 1))

    def end(self, event: Any) -> None:
        closed = self._open.pop()
        for merged in closed.merges:
            self._merge(closed, merged, event)
        self._raise_height(closed.height)
        if closed.anchor:
            nodes = self._nodes - closed.nodes_before
            self._anchors[closed.anchor] = _Anchored(closed.value, nodes, closed.height)

    def alias(self, event: Any) -> None:
        known = self._anchors.get(event.anchor)
        if known is None:
            raise ReadError(f"nothing complete is called &{event.anchor} above", _line(event))
        self._count(known.nodes, event)
        self._check_depth(known.height, event)
        top = self._open[-1]
        if isinstance(top.value, dict) and top.key is None:
            raise ReadError("a key must be plain text", _line(event))
        self._place(known.value, event)
        self._raise_height(known.height)

    def _check_depth(self, more: int, event: Any) -> None:
        if len(self._open) + more > MAX_DEPTH:
            raise too_deep(_line(event))

    def _raise_height(self, inner: int) -> None:
        if self._open:
            self._open[-1].height = max(self._open[-1].height, inner + 1)

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise ReadError(f"more than {MAX_NODES} values", _line(event))

    def _take_key(self, top: _Open, event: Any) -> None:
        top.key = event.value
        if event.value in top.value and event.value != "<<":
            path = self._path()
            self.tree.repeated.append(path)
            self.tree.lines[path] = _line(event)

    def _place(self, value: Any, event: Any) -> None:
        if self._lines:
            self.tree.lines.setdefault(self._path(), _line(event))
        if not self._open:
            self.tree.value = value
            return
        top = self._open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key == "<<":
            top.merges.append(value)
        else:
            top.value.setdefault(top.key, value)
        top.key = None

    def _merge(self, closed: _Open, merged: Any, event: Any) -> None:
        for item in merged if isinstance(merged, list) else [merged]:
            if not isinstance(item, dict):
                raise ReadError("<< takes an object or a list of objects", _line(event))
            for key, value in item.items():
                closed.value.setdefault(key, value)

    def _path(self) -> str:
        if not self._open:
            return ""
        top = self._open[-1]
        if isinstance(top.value, list):
            return f"{top.path}[{len(top.value)}]"
        return f"{top.path}.{top.key}" if top.path else str(top.key)


_HANDLERS: Final[dict[type, Any]] = {
    yaml.DocumentStartEvent: _Composer.document,
    yaml.ScalarEvent: _Composer.scalar,
    yaml.AliasEvent: _Composer.alias,
    yaml.SequenceStartEvent: _Composer.begin,
    yaml.MappingStartEvent: _Composer.begin,
    yaml.SequenceEndEvent: _Composer.end,
    yaml.MappingEndEvent: _Composer.end,
}


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> Any:
    if event.tag and event.tag != "!":
        return _tagged(event)
    return _plain(event.value) if event.implicit[0] else event.value


def _tagged(event: Any) -> Any:
    kind = event.tag.removeprefix(_TAG)
    if kind == "str":
        return event.value
    if kind in ("int", "float", "bool", "null"):
        return _plain(event.value)
    raise ReadError(f"the YAML tag {event.tag} has no meaning in a document", _line(event))


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789.-+":
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return int(text, 16) if _HEX.fullmatch(text) else text
