"""What an author probably meant: the end of a message that says what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

import yaml

ELSEWHERE: Final[Mapping[str, str]] = {
    "say": "play: say:…",
    "speak": "play: say:…",
    "gather": "prompt",
    "dial": "connect",
    "bridge": "connect",
    "redirect": "transfer",
    "pause": "sleep",
    "wait": "sleep",
    "conference": "join_conference",
    "enqueue": "enter_queue",
    "queue": "enter_queue",
    "leave_voicemail": "record",
    "voicemail": "record",
    "reject": "hangup: decline",
    "refer": "sip_refer",
    "sms": "send_sms",
    "message": "send_sms",
    "webhook": "request",
    "http": "request",
    "else": "cond: [{when: …, then: …}, {else: …}]",
}
"""What other languages (LaML, TwiML) and hopeful authors call a method."""

_NEAR: Final = 0.6
"""Two words that share this part of their letters are one word written wrong."""

_LONGEST: Final = 64
"""Characters of a name that may still be a known one, written wrong."""

_QUOTE: Final = "put the whole text in quotes"


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean play?` where a known name is near, else nothing."""
    names = list(known)
    if len(name) > _LONGEST:
        return ""
    found = get_close_matches(name.lower(), names, 1, _NEAR)
    return f"; did you mean {found[0]}?" if found else ""


def method(name: str, known: Iterable[str]) -> str:
    """What to write for a method that does not exist."""
    meant = ELSEWHERE.get(name.lower())
    return f"; write `{meant}`" if meant else near(name, known)


def not_yaml(error: yaml.MarkedYAMLError, text: str) -> tuple[str, int | None]:
    """What to do about text that is no YAML, and its line."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return "", None
    lines = text.splitlines() or [""]
    number = min(mark.line, len(lines) - 1)
    problem = f"{error.context} {error.problem}"
    if "scalar" in problem and "end of stream" in problem and error.context_mark:
        return "; the quotes that begin here are not closed", error.context_mark.line + 1
    return _about_line(lines[number], problem), number + 1


def _about_line(line: str, problem: str) -> str:
    blanks = line[: len(line) - len(line.lstrip())]
    if "\t" in blanks:
        return "; indent with blanks: YAML takes no tabs"
    if "mapping values are not allowed" in problem:
        return f"; {_QUOTE}: it holds a colon and a blank. Or the indentation is wrong"
    if "cannot start any token" in problem and re.search(r"[:\-\[{,]\s*[%@`]", line):
        return f"; {_QUOTE}: it begins with a character that YAML keeps for itself"
    if "block mapping" in problem or "block collection" in problem:
        return "; the indentation is wrong, here or above"
    if "flow" in problem:
        return "; a bracket is not closed, or a text that holds , [ ] { } needs quotes"
    return ""


def not_json(text: str, position: int) -> str:
    """What to do about text that is no JSON, from where reading it failed."""
    here = text[position:].lstrip()[:2]
    before = text[:position].rstrip()[-1:]
    if here in ("//", "/*") or here[:1] == "#":
        return "; JSON has no comments"
    if here[:1] in ("]", "}") and before == ",":
        return f"; take away the comma before {here[0]}"
    if here[:1] == "'":
        return '; texts stand in double quotes: "…"'
    return ""


def not_a_document(value: Any) -> str:
    """What is there in place of a document."""
    if value is None:
        return "; this is empty"
    if isinstance(value, list):
        return "; put the steps below `sections:` and `main:`"
    if isinstance(value, str) and value.lstrip().startswith("<"):
        return "; this is HTML or XML"
    return ""
