"""The helper process: reads calls of functions from its input, writes what they return.

    python -m adapter.helpers.worker

A request is a line of JSON `{"function": "module:name", "arguments": {…}}`, an answer a line
`{"value": …}` or `{"error": …}`. What a function prints goes to the log, not between the answers.
A module stays loaded, so that a speech model is read once.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

NICENESS = 10
"""Calls and their audio go before whatever is done here."""


def main() -> None:
    """Answer until the input ends, which it does when the adapter ends."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        os.nice(NICENESS)
        for line in sys.stdin.buffer:
            answers.write(json.dumps(_answer(json.loads(line))) + "\n")
            answers.flush()


def find(name: str) -> Callable[..., Any]:
    """The function that `module:name` names; raises ImportError, AttributeError, ValueError."""
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ValueError(f"{name!r} is not MODULE:FUNCTION")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": find(request["function"])(**request["arguments"])}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
