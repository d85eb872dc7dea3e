"""Dial strings, taken apart as the switch does it. Pure.

Source: switch_ivr_originate.c (switch_ivr_originate), switch_event.c
(switch_event_create_brackets). `|` separates groups that are tried in turn, `,` the legs of a
group; `{…}` holds variables of all legs, `[…]` of one.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.simswitch.strings import bracketed, closing, separate

MAX_PEERS = 128
ENTERPRISE = ":_:"
_QUOTED, _UNQUOTED = "\1", "\2"  # what stands for a comma inside brackets


@dataclass(frozen=True, slots=True)
class Dialled:
    """One leg: its own variables, and `kind/data`."""

    variables: dict[str, str]
    kind: str
    data: str


class NotADialString(ValueError):
    """The switch says `Parse Error!`."""


def parse(text: str) -> tuple[dict[str, str], list[list[Dialled]]]:
    """The variables of all legs, and the groups of legs."""
    shared: dict[str, str] = {}
    text = text.lstrip(" ")
    while text.startswith(("{", "<")):
        found, rest = bracketed(text, "{}" if text[0] == "{" else "<>")
        if rest == text:
            raise NotADialString(text)
        shared, text = {**found, **shared}, rest
    groups = separate(text.lstrip(" "), "|", MAX_PEERS)
    return shared, [_group(group) for group in groups]


def _group(text: str) -> list[Dialled]:
    return [_leg(leg) for leg in separate(_commas_hidden(text), ",", MAX_PEERS)]


def _commas_hidden(text: str) -> str:
    """Commas inside brackets no longer separate legs; whether they separate variables is noted."""
    out, end, quoted, alternative = list(text), None, False, False
    for at, char in enumerate(text):
        if end is None and char == "[":
            end = _closing(text, at)
            alternative, quoted = text[at + 1 : at + 3] == "^^", False
        if char == "'":
            quoted = not quoted
        if end is not None and at < end and char == "," and text[at - 1] != "\\":
            out[at] = _QUOTED if quoted or alternative else _UNQUOTED
        if at == end:
            end = None
    return "".join(out)


def _closing(text: str, start: int) -> int | None:
    end = closing(text[start:], "[]")
    return None if end is None else start + end


def _leg(text: str) -> Dialled:
    variables: dict[str, str] = {}
    text = text.lstrip(" ")
    while text.startswith("["):
        end = closing(text, "[]")
        if end is None:
            raise NotADialString(text)
        inside = text[:end].replace(_QUOTED, ",")
        found, _ = bracketed(f"{inside}]", "[]", _UNQUOTED)
        variables, text = {**found, **variables}, text[end + 1 :]
    kind, _, data = text.lstrip(" ").partition("/")
    return Dialled(variables, kind, data)
