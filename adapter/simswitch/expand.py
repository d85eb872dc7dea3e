"""`${...}` in application arguments: variables, pieces of them, and API calls.

Source: switch_channel.c (switch_channel_expand_variables_check). A value is expanded again
when it is put in, and `\\${` is left alone once: both are why an adapter must never let
foreign text through. API calls run with this switch's API, which has no shell: every call in
an expansion is handed to `call`, who notes it.
"""

import re
from collections.abc import Callable

from adapter.simswitch.strings import atoi

MAX_DEPTH = 100
_ESCAPED = re.compile(r"\\[\\'n$]")

Get = Callable[[str], str | None]
Call = Callable[[str, str], str]


def expand(text: str, get: Get, call: Call, depth: int = 0) -> str:
    """`text` with everything expanded that the switch would expand."""
    if depth > MAX_DEPTH or not ("${" in text or "$${" in text or _ESCAPED.search(text)):
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        at = _step(text, at, out, get, call, depth)
    return "".join(out)


def _step(text: str, at: int, out: list[str], get: Get, call: Call, depth: int) -> int:
    """Handles what stands at `at`; returns where to go on."""
    two = text[at : at + 2]
    if two == "\\$":
        skip = 2 if text[at + 2 : at + 3] == "$" else 1
        out.append(text[at + skip : at + skip + 1])
        return at + skip + 1
    if two == "\\'":
        return at + 2
    if two == "\\\\":
        out.append("\\")
        return at + 2
    if text.startswith(("${", "$${"), at):
        start = at + (3 if text[at + 1] == "$" else 2)
        end = _end_of_braces(text, start)
        out.append(_value(text[start:end], get, call, depth))
        return end + 1
    out.append(text[at])
    return at + 1


def _end_of_braces(text: str, start: int) -> int:
    depth = 1
    for at in range(start, len(text)):
        if text[at] == "{" and at > start:
            depth += 1
        elif text[at] == "}":
            depth -= 1
        if depth == 0:
            return at
    return len(text)


def _value(inner: str, get: Get, call: Call, depth: int) -> str:
    found = re.search(r"[ (]", inner)
    if found:
        name, argument = inner[: found.start()], _argument(inner[found.start() :])
        return call(
            expand(name, get, call, depth + 1),
            expand(argument, get, call, depth + 1),
        )
    return _variable(expand(inner, get, call, depth + 1), get, call, depth)


def _argument(rest: str) -> str:
    """`(argument)` or ` argument`; brackets nest."""
    if rest.startswith(" "):
        return rest[1:].partition(")")[0]
    depth = 0
    for at, char in enumerate(rest):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return rest[1:at]
    return rest[1:]


def _variable(name: str, get: Get, call: Call, depth: int) -> str:
    """`name`, `name:offset`, `name:offset:length`."""
    name, _, piece = name.partition(":")
    value = expand(get(name.partition("[")[0]) or "", get, call, depth + 1)
    if not piece:
        return value
    offset, _, length = piece.partition(":")
    value = value[atoi(offset) :] if abs(atoi(offset)) <= len(value) else ""
    return value[: atoi(length)] if atoi(length) > 0 else value
