"""Text of others for a terminal, on which it must not be able to do anything."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` with its control characters made visible."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
