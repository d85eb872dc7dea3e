"""What goes wrong in a running script is counted, logged, written down, and told to who asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import structlog

from adapter import metrics

if TYPE_CHECKING:
    from adapter.methods.context import Context
    from adapter.swml.interpreter import Interpreter

log = structlog.get_logger()

EVENT = "calling.script.warning"

Note = Callable[[str, Mapping[str, Any], Literal["warn"]], object]
"""Writes down what happens to a call: its name, its details, how grave it is."""


def report(script: Interpreter, context: Context, url: str | None, note: Note) -> None:
    """Report what went wrong since this was done last; `url` is the settings' for it."""
    for warning in script.take_warnings():
        metrics.counter(metrics.WARNINGS, warning.code).inc()
        code, step = warning.code, warning.path
        note(EVENT, {"code": code, "step": step, "message": str(warning)}, "warn")
        log.warning("script warning", code=code, step=step, reason=str(warning))
        context.tell(url, EVENT, code=code, message=warning.message, step=step)
