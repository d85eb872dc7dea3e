"""Which expressions are harmless by their text alone: none of them can take long. Pure.

Most conditions of real documents are comparisons, sums and a few functions of short strings. What
has no loop, no function of its own, no regular expression and only built-in functions whose result
is no longer than what they are given does work that can be counted before it is done.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_FUNCTIONS: Final = frozenset(("Boolean", "Number", "String", "isNaN", "parseFloat", "parseInt"))
_METHODS: Final = frozenset(
    (
        *("toLowerCase", "toUpperCase", "trim", "trimStart", "trimEnd"),
        *("includes", "startsWith", "endsWith", "indexOf", "lastIndexOf"),
        *("at", "charAt", "charCodeAt", "slice", "substring", "substr", "toFixed"),
    )
)
"""Neither `split`, `join`, `padStart`, `repeat` nor `JSON.stringify`: applied to their own results
they grow without end."""
_OF_MATH: Final = frozenset(
    (
        *("abs", "ceil", "exp", "floor", "hypot", "log", "log10", "log2", "max", "min", "pow"),
        *("random", "round", "sign", "sqrt", "trunc"),
    )
)
"""No text or list has one of these, should a variable be named `Math`."""
_OPERATORS: Final = frozenset(("typeof", "void"))
_OTHER_WORDS: Final = re.compile(
    "arguments|async|await|break|case|catch|class|const|continue|debugger|default|delete|do|else"
    "|enum|eval|export|extends|finally|for|function|if|implements|import|in|instanceof|interface"
    "|let|new|package|private|protected|public|return|static|super|switch|throw|try|var|while"
    "|with|yield"
)

# Blanks alone stand between tokens: a line's end could hide a comment (`<!--`) and what it ends.
# No operator assigns: `a.length <<= 30` and `a[1e9]++` make lists that are slow to look through.
_TOKEN: Final = re.compile(
    r"""[ \t]*(?:
      (?P<name>[^\W\d][\w$]*|\$[\w$]*)
    | (?P<literal>(?:0[xX][\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(?![\w$])
        | '(?:[^'\\\n\r]|\\.)*' | "(?:[^"\\\n\r]|\\.)*")
    | (?P<dot>\?\.(?!\d)|\.)
    | (?P<open>[(\[])
    | (?P<close>[)\]])
    | (?P<operator>[=!]==?|<<(?!=)|>>>?(?![>=])|[<>](?![<>])=?|&&|\|\||\?\?
        |/(?![/*])|-(?!-)|\+(?!\+)|[*%!?:,~&|^])
    )""",
    re.VERBOSE,
)
_DEEPEST: Final = 32
_SEARCH: Final = 16
"""Characters that are compared while one of a number is read."""
_FIXED: Final = 128
"""Characters that `toFixed` may make of a number."""
_PART: Final = 64
"""Characters read while one part of a list or an object is turned to text."""
_EXPONENT: Final = 8_000
"""The same for a number such as `5e-324`: in QuickJS that takes 40 µs."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """What a source can do: `joins` may lengthen a text, `calls` may search it for another."""

    tokens: int
    joins: int
    calls: int

    def work(self, request: str) -> int:
        """Characters read, at most, when this is the JSON of source and values."""
        longest = (len(request) + _FIXED) * (self.joins + 1)
        parts = _PART * sum(map(request.count, ",[{"))
        exponents = _EXPONENT * sum(map(request.count, ("e-", "e+", "E-")))
        searches = longest * longest * self.calls // _SEARCH
        return self.tokens * (longest + parts + exponents) + searches


@lru_cache(maxsize=4096)
def bounded(source: str) -> Bounded | None:
    """The bounds of a source; None when it has none that can be read from it."""
    scanner, end = _Scanner(), len(source.rstrip(" \t"))
    position = 0
    while position < end:
        match = _TOKEN.match(source, position)
        if match is None or not scanner.take(match.lastgroup or "", match.group().lstrip(" \t")):
            return None
        position = match.end()
    return Bounded(scanner.tokens, scanner.joins + scanner.calls, scanner.calls)


class _Scanner:
    """Knows what the last token was, so that a call is told from brackets around a value."""

    def __init__(self) -> None:
        self.tokens = self.joins = self.calls = 0
        self._depth = 0
        self._after = "operator"
        self._member_of = ""

    def take(self, kind: str, text: str) -> bool:
        """Whether the source is still bounded with this token."""
        self.tokens += 1
        return {
            "name": self._name,
            "literal": self._literal,
            "dot": self._dot,
            "open": self._open,
            "close": self._close,
            "operator": self._operator,
        }[kind](text)

    def _name(self, text: str) -> bool:
        if self._after == "dot":
            known = _OF_MATH if self._member_of == "Math" else _METHODS
            self._after = "callee" if text in known else "value"
        elif text in _OPERATORS:
            self._after = "operator"
        else:
            self._after = "callee" if text in _FUNCTIONS else "value"
            self._member_of = text
            return _OTHER_WORDS.fullmatch(text) is None
        self._member_of = ""
        return True

    def _literal(self, _text: str) -> bool:
        after, self._after, self._member_of = self._after, "value", ""
        return after != "dot"

    def _dot(self, _text: str) -> bool:
        after, self._after = self._after, "dot"
        return after in ("value", "callee")

    def _open(self, text: str) -> bool:
        is_call = text == "(" and self._after != "operator"
        if is_call and self._after != "callee":
            return False
        self.calls += is_call
        self._depth += 1
        self._after, self._member_of = "operator", ""
        return self._depth <= _DEEPEST

    def _close(self, _text: str) -> bool:
        self._depth -= 1
        self._after = "value"
        return True

    def _operator(self, text: str) -> bool:
        if text == "/" and self._after not in ("value", "callee"):
            return False  # a regular expression begins
        self.joins += text in "+,"
        self._after, self._member_of = "operator", ""
        return True
