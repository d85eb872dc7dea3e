"""Sounds that are none (`play: hello`), found in a document before a call runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.sounds.playable import NotPlayable, parse
from adapter.swml.document import Document
from adapter.swml.errors import Code, Fault, Severity
from adapter.swml.program import Act
from adapter.swml.templates import has_placeholder

SOUNDS = {"play": ("url", "urls"), "prompt": ("play",), "connect": ("ringback",)}
"""Parameters of methods that name sounds."""


def unplayable(document: Document) -> Iterator[Fault]:
    """A warning for each; what a placeholder comes to is judged when the step runs."""
    for block in document.program.blocks.values():
        for step in block.steps:
            if isinstance(step.operation, Act):
                params = {**step.operation.open, **step.operation.fixed}
                for name in SOUNDS.get(step.method, ()):
                    yield from _among(params.get(name), f"{step.path}.{name}")


def _among(value: Any, path: str) -> Iterator[Fault]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _among(item, f"{path}[{index}]")
    elif isinstance(value, str) and not has_placeholder(value):
        try:
            parse(value)
        except NotPlayable as error:
            yield Fault(Code.EXECUTE_FAILED, str(error), path, severity=Severity.WARNING)
