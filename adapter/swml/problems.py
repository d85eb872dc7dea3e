"""What pydantic found wrong with parameters, as script codes and in words for who wrote them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from adapter.swml.errors import Code
from adapter.swml.values import shortened

_SHOWN = 60
"""Characters of a wrong value in a message."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong parameter: `name` is its path inside the step, `value` what was given."""

    code: Code
    name: str
    message: str
    value: Any


def problems(error: ValidationError, params: Mapping[str, Any]) -> list[Problem]:
    """One problem for each wrong parameter, in order."""
    found: dict[str, Problem] = {}
    for detail in error.errors(include_url=False):
        name = _name(detail, params)
        if name not in found:
            found[name] = Problem(_code(detail), name, _message(detail), detail["input"])
    return list(found.values())


def _code(detail: ErrorDetails) -> Code:
    return Code.PARAMETER_MISSING if detail["type"] == "missing" else Code.PARAMETER_INVALID


def _name(detail: ErrorDetails, params: Any) -> str:
    """The path of what is wrong, without the names of types that pydantic puts between."""
    name, value = "", params
    parts = detail["loc"]
    for position, part in enumerate(parts):
        if isinstance(part, int) and isinstance(value, list) and part < len(value):
            name, value = f"{name}[{part}]", value[part]
        elif isinstance(value, Mapping) and part in value:
            name, value = f"{name}.{part}", value[part]
        elif detail["type"] == "missing" and position == len(parts) - 1:
            name = f"{name}.{part}"
    return name.removeprefix(".")


def _message(detail: ErrorDetails) -> str:
    if detail["type"] == "missing":
        return "this parameter is required"
    limits = detail.get("ctx", {})
    say = _WORDS.get(detail["type"])
    wanted = detail["msg"].removeprefix("Value error, ") if say is None else say(limits)
    return f"{wanted}, not {shortened(repr(detail['input']), _SHOWN)}"


def _pattern(pattern: str) -> str:
    """A class of characters as a list of them, if that is all there is to a pattern."""
    simple = re.fullmatch(r"\^\[([^\]\\]+)\][*+]\$", pattern)
    return f"use only {simple[1]}" if simple else f"give text that fits {pattern}"


_Say = Callable[[Mapping[str, Any]], str]

_WORDS: Final[Mapping[str, _Say]] = {
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_from_float"), lambda _limits: "give a whole number"
    ),
    **dict.fromkeys(("float_type", "float_parsing"), lambda _limits: "give a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), lambda _limits: "give true or false"),
    "string_pattern_mismatch": lambda limits: _pattern(limits["pattern"]),
    "string_type": lambda _limits: "give text",
    "list_type": lambda _limits: "give a list",
    **dict.fromkeys(("dict_type", "model_type"), lambda _limits: "give an object"),
    "literal_error": lambda limits: f"give {limits['expected']}",
    "greater_than_equal": lambda limits: f"give {limits['ge']} or more",
    "less_than_equal": lambda limits: f"give {limits['le']} or less",
}
