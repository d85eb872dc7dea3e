"""Paths of data: `call.from`, `items[0].name`, `request_response_headers.content-type`.

A path is looked up, never computed: `items.length` is the member `length` of `items`, which an
array does not have. Hyphens belong to names.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

Path = tuple[str | int, ...]

_HEAD = r"[^\W\d][\w$-]*|\$[\w$-]*"
_STEP: Final = re.compile(r"""\.([\w$-]+)|\[(\d{1,9})\]|\['([^'\\]*)'\]|\["([^"\\]*)"\]""")
_PATH: Final = re.compile(rf"""(?:{_HEAD})(?:{_STEP.pattern})*""")
_FIRST: Final = re.compile(_HEAD)
_LITERALS: Final = frozenset({"true", "false", "null", "undefined", "NaN", "Infinity", "this"})


class _Missing:
    """The value of a path that leads nowhere."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


@lru_cache(maxsize=8192)
def parse_path(text: str) -> Path | None:
    """`text` as a path; None when it is not one (and is JavaScript, if anything)."""
    if _PATH.fullmatch(text) is None or text in _LITERALS:
        return None
    first = _FIRST.match(text)
    assert first is not None  # noqa: S101  (the whole pattern begins with it)
    return (first.group(), *_steps(text, first.end()))


def _steps(text: str, start: int) -> list[str | int]:
    steps: list[str | int] = []
    for match in _STEP.finditer(text, start):
        name, index, single, double = match.groups()
        steps.append(int(index) if index is not None else name or single or double or "")
    return steps


def follow(value: Any, path: Path, start: int = 1) -> Any:
    """The member of `value` that `path[start:]` leads to, or MISSING."""
    for step in path[start:]:
        value = _member(value, step)
        if value is MISSING:
            break
    return value


def _member(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(str(step), MISSING)
    if isinstance(value, list):
        return _item(value, step)
    return MISSING


def _item(values: list[Any], step: str | int) -> Any:
    if isinstance(step, str):
        if not step.isdecimal():
            return _header(values, step)
        step = int(step)
    return values[step] if step < len(values) else MISSING


def _header(values: list[Any], name: str) -> Any:
    """`call.headers['X-Foo']`: headers are a list of `{name, value}` and are asked for by name."""
    wanted = name.lower()
    for item in values:
        if isinstance(item, Mapping) and str(item.get("name", "")).lower() == wanted:
            return item.get("value", MISSING)
    return MISSING
