"""Text with placeholders: `say:Hello ${name}` and, just the same, `%{name}`.

A placeholder ends at the brace that closes it; braces inside quotes and nested braces belong to its
body, so `${items.map(i => { return i })}` is one placeholder. `${` that nothing closes is text.
A body that is a path is looked up; any other is JavaScript.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from adapter.swml.paths import Path, parse_path

_OPEN: Final = re.compile(r"[$%]\{")
_MARK: Final = re.compile(r"""["'`{}\\]""")

MAX_BODY = 4096
"""How far a closing brace is looked for: room for an expression that is too long to be told so."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One `${…}`: `path` when its body is a path, else `source` is JavaScript."""

    source: str
    path: Path | None


Part = str | Placeholder


def has_placeholder(text: str) -> bool:
    """Whether anything in `text` would be replaced."""
    return "{" in text and any(isinstance(part, Placeholder) for part in parse_template(text))


@lru_cache(maxsize=8192)
def parse_template(text: str) -> tuple[Part, ...]:
    """`text` as pieces of plain text and placeholders, in order."""
    parts: list[Part] = []
    done = 0
    opened = _OPEN.search(text)
    while opened is not None:
        end = closing_brace(text, opened.end())
        if end < 0:
            break
        if opened.start() > done:
            parts.append(text[done : opened.start()])
        body = text[opened.end() : end].strip()
        parts.append(Placeholder(body, parse_path(body)))
        done = end + 1
        opened = _OPEN.search(text, done)
    if done < len(text):
        parts.append(text[done:])
    return tuple(parts)


def closing_brace(text: str, start: int) -> int:
    """Where the brace is that closes a body beginning at `start`; -1 when there is none.

    Quotes are honoured first. In plain words an apostrophe is no quote (`${it's}`), so a body
    that does not end that way ends at its first matching brace.
    """
    end = _closing(text, start, quotes=True)
    return end if end >= 0 else _closing(text, start, quotes=False)


def _closing(text: str, start: int, *, quotes: bool) -> int:
    depth, quote, escaped_at = 0, "", -1
    for match in _MARK.finditer(text, start, start + MAX_BODY):
        mark, at = match.group(), match.start()
        if at == escaped_at:
            continue
        if mark == "\\":
            escaped_at = at + 1
        elif quote:
            quote = "" if mark == quote else quote
        elif mark == "{":
            depth += 1
        elif mark != "}":
            quote = mark if quotes else ""
        elif depth:
            depth -= 1
        else:
            return at
    return -1
