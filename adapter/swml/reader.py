"""A document's text to plain values: JSON when it begins with `{`, YAML otherwise.

The Content-Type that came with it is not asked: servers send documents as text/html.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from adapter.swml import hints
from adapter.swml.yaml_reader import MAX_DEPTH, MAX_NODES, ReadError, Tree, read_yaml, too_deep

MAX_SIZE = 1_048_576
"""Characters of a document. The longest seen, with long AI prompts, have a tenth of it."""

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def decode(source: str | bytes) -> str:
    """The text of a document. Raises ReadError when it is too long or not UTF-8."""
    if len(source) > MAX_SIZE:
        raise ReadError(f"longer than {MAX_SIZE} characters; execute or transfer to a second one")
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError("this is not UTF-8 text", line) from None


def read(text: str) -> Tree:
    """Reads a document's text. Raises ReadError. The lines are known where keys are repeated."""
    return _read_json(text) if text.lstrip().startswith("{") else read_yaml(text)


def find_lines(text: str) -> Tree:
    """Reads it again for its lines, JSON as the YAML that it is; without any if that fails."""
    try:
        return read_yaml(_SURROGATE.sub(r"\\u003f", text), lines=True)
    except ReadError:
        return Tree(None)


def _read_json(text: str) -> Tree:
    repeats: list[str] = []
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, repeats),
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as error:
        hint = hints.not_json(text, error.pos)
        raise ReadError(f"this is not JSON: {error.msg}{hint}", error.lineno) from None
    except ValueError as error:
        raise ReadError(f"this is not JSON: {error}") from None
    except RecursionError:
        raise too_deep() from None
    _check_size(value)
    if _SURROGATE.search(text):
        _check_characters(value)
    if not repeats:
        return Tree(value)
    located = find_lines(text)
    return Tree(value, located.lines, located.repeated or repeats)


def _object(pairs: list[tuple[str, Any]], repeats: list[str]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        value = {}
        for key, item in pairs:
            if key in value:
                repeats.append(key)
            value.setdefault(key, item)
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _check_characters(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ReadError("\\u escapes give half of a character") from None


def _check_size(value: Any) -> None:
    """The limits that reading YAML keeps by itself."""
    level: list[Any] = [value]
    nodes = depth = 0
    while level:
        depth += 1
        nodes += len(level) + sum(item.count("{") for item in level if isinstance(item, str))
        if depth > MAX_DEPTH + 1:
            raise too_deep()
        if nodes > MAX_NODES:
            raise ReadError(f"more than {MAX_NODES} values")
        level = [item for parent in level for item in _items(parent)]


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
