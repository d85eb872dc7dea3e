"""How FreeSWITCH takes text apart (switch_utils.c, switch_event.c). Pure.

Rules
- Text that came from the wire is `str` with surrogateescape: bytes that are not UTF-8 survive.
- A splitter keeps the switch's habits (quotes, backslashes, the last piece takes the rest),
  because what an adapter must quote is decided by exactly these habits.
"""

import random
import re
from itertools import islice

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "s": " "}
_LEADING_INT = re.compile(r"\s*([+-]?\d+)")
_TRUE_WORDS = frozenset({"yes", "on", "true", "t", "enabled", "active", "allow"})


def new_uuid() -> str:
    """A random UUID as text; the standard library's costs four times as much."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def atoi(text: str | None) -> int:
    """C's atoi: the leading number, else 0."""
    found = _LEADING_INT.match(text or "")
    return int(found.group(1)) if found else 0


def is_true(text: str | None) -> bool:
    """switch_true: yes, on, true, t, enabled, active, allow, or a number that is not 0."""
    if not text:
        return False
    return text.lower() in _TRUE_WORDS or (text.lstrip("+-").isdigit() and atoi(text) != 0)


def url_decode(text: str) -> str:
    """switch_url_decode: every `%xx`, as bytes rather than characters."""
    if "%" not in text:
        return text
    raw = text.encode("utf-8", "surrogateescape")
    out = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m.group(1), 16)]), raw)
    return out.decode("utf-8", "surrogateescape")


def clean(piece: str, delimiter: str = "") -> str:
    """cleanup_separated_string: trims blanks, drops paired quotes, resolves backslashes."""
    text = piece.lstrip(" ")
    out: list[str] = []
    end = 0
    quoted = False
    at = 0
    while at < len(text):
        char = text[at]
        following = text[at + 1 : at + 2]
        if char == "\\" and following and _is_escape(following, delimiter):
            out.append(_ESCAPES.get(following, following))
            end = len(out)
            at += 2
            continue
        if char == "'" and (quoted or "'" in text[at + 1 :]):
            quoted = not quoted
            end = len(out) if quoted else end
        else:
            out.append(char)
            end = len(out) if char != " " or quoted else end
        at += 1
    return "".join(out[:end])


def _is_escape(char: str, delimiter: str) -> bool:
    return char in "'\"\\" or (bool(delimiter) and char == delimiter) or char in _ESCAPES


def separate(text: str, delimiter: str = " ", limit: int = 128) -> list[str]:
    """switch_separate_string: at most `limit` pieces, the last one takes the rest."""
    if text and "'" not in text and "\\" not in text:
        return _plain_pieces(text, delimiter, limit)
    pieces = _by_blank(text, limit) if delimiter == " " else _by_char(text, delimiter, limit)
    return [clean(piece, "" if delimiter == " " else delimiter) for piece in pieces]


def _plain_pieces(text: str, delimiter: str, limit: int) -> list[str]:
    """The same without quotes and backslashes, which is what most texts are like."""
    if delimiter == " ":
        return _plain_words(text, limit)
    pieces = text.split(delimiter, limit - 1)
    if len(pieces) > 1 and not pieces[-1]:
        pieces.pop()
    return [piece.strip(" ") for piece in pieces]


def _plain_words(text: str, limit: int) -> list[str]:
    words = [word for word in text.split(" ") if word]
    if len(words) <= limit:
        return words or ([""] if text else [])
    rest = text
    for word in words[: limit - 1]:
        rest = rest[rest.index(word) + len(word) :]
    return [*words[: limit - 1], rest.strip(" ")]


def _by_blank(text: str, limit: int) -> list[str]:
    pieces: list[str] = []
    rest = text
    while rest and len(pieces) < limit:
        if len(pieces) == limit - 1:
            return [*pieces, rest]
        cut = next(islice(_cuts(rest, " "), 1), None)
        pieces.append(rest if cut is None else rest[:cut])
        rest = "" if cut is None else rest[cut + 1 :].lstrip(" ")
    return pieces


def _by_char(text: str, delimiter: str, limit: int) -> list[str]:
    if not text:
        return []
    cuts = list(islice(_cuts(text, delimiter), limit - 1))
    starts = [0, *(cut + 1 for cut in cuts)]
    pieces = [text[a:b] for a, b in zip(starts, [*cuts, len(text)], strict=True)]
    return pieces[:-1] if len(pieces) > 1 and not pieces[-1] else pieces


def _cuts(text: str, delimiter: str) -> list[int]:
    cuts: list[int] = []
    quoted = False
    at = len(text) - len(text.lstrip(" ")) if delimiter == " " else 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "'" and (quoted or delimiter == " " or "'" in text[at + 1 :]):
            quoted = not quoted
        elif char == delimiter and not quoted:
            cuts.append(at)
        at += 1
    return cuts


def bracketed(text: str, braces: str = "{}", separator: str = ",") -> tuple[dict[str, str], str]:
    """`{a=b,c=d}rest` -> variables and rest (switch_event_create_brackets).

    `^^x` right after the brace makes `x` the separator. Text that does not start with a
    closed brace has no variables.
    """
    end = closing(text, braces)
    if end is None:
        return {}, text
    inner, rest = text[1:end], text[end + 1 :]
    if inner.startswith("^^") and len(inner) > 2:
        separator, inner = inner[2], inner[3:]
    variables: dict[str, str] = {}
    for pair in separate(inner, separator, 1024):
        name_value = separate(pair, "=", 2)
        if len(name_value) == 2:
            variables.setdefault(name_value[0], name_value[1])
    return variables, rest


def closing(text: str, braces: str) -> int | None:
    """switch_find_end_paren: where the brace that `text` starts with is closed."""
    opens, closes = braces[0], braces[1]
    if not text.startswith(opens):
        return None
    depth = 0
    for at, char in enumerate(text):
        depth += {opens: 1, closes: -1}.get(char, 0)
        if depth == 0:
            return at
    return None
