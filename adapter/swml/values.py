"""JSON values as JavaScript sees them: their text, their truth, their size."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_DEPTH = 64
"""Levels of lists and objects in one value; deeper ones could not be saved as JSON."""

OVERSIZE = 1 << 60
"""The size of a value that is nested too deep."""


def text_of(value: Any) -> str:
    """A value inside text. Objects and arrays are JSON; null and what is missing are empty."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return ""


def _number(value: float) -> str:
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    mantissa, exponent, power = repr(value).partition("e")
    return f"{mantissa}e{int(power):+d}" if exponent else mantissa


def shortened(text: str, most: int = 80) -> str:
    """Text for a message: its beginning."""
    return text if len(text) <= most else text[: most - 3] + "..."


def truth_of(value: Any) -> bool:
    """Whether a condition with this value holds: as in JavaScript, empty arrays are true."""
    return isinstance(value, Mapping | list) or bool(value)


def size_of(value: Any, most: int = OVERSIZE) -> int:
    """Characters and elements of a value: what it costs to keep and to save.

    It is counted no further than `most`, so that a huge value costs no more time than a large one.
    """
    return _size(value, most, _DEPTH)


def _size(value: Any, most: int, depth: int) -> int:
    if isinstance(value, str):
        return len(value) + 1
    if not isinstance(value, dict | list):
        return 8
    if depth == 0:
        return OVERSIZE
    size = 2
    if isinstance(value, dict):
        size += sum(map(len, value)) + len(value)
        value = value.values()
    for item in value:
        if size > most:
            break
        size += _size(item, most - size, depth - 1)
    return size
