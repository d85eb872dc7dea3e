"""Whether a source is JavaScript, found out without running it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from adapter.javascript.worker import maker

_MEMORY, _RESULT, _SECONDS = 16_777_216, 4_096, 1.0

_COMPILE: Final = """void new Function('"use strict"; return (\\n' + $source + '\\n);')"""

_ENDS: Final = re.compile(r"(?:unexpected token in expression:|Unexpected token) '([);])'$")
_WORDS: Final = re.compile(r"\b(?:and|or|not)\b")


class Syntax:
    """Compiles sources in a context of its own. Nothing of them runs."""

    def __init__(self) -> None:
        self._evaluate: Callable[[str], str] | None = None

    def problem(self, source: str) -> str:
        """Why a source is none; empty if nothing is wrong with it."""
        if self._evaluate is None:
            self._evaluate = maker(_MEMORY, _RESULT, _SECONDS)()
        try:
            reply = self._evaluate(json.dumps([_COMPILE, ["$source"], [source]]))
        except Exception as error:  # out of memory: the context is of no more use
            self._evaluate = None
            return str(error)
        return _in_words(reply[1:], source) if reply.startswith("e") else ""


def _in_words(error: str, source: str) -> str:
    """The engine's own words, without the brackets that it was given around the source."""
    ours = _ENDS.search(error)
    if ours and not source.rstrip().endswith(ours[1]):
        return "something is missing at its end"
    return error + ("; write &&, || and !" if _WORDS.search(source) else "")
