"""What an answer's headers say about keeping it (RFC 9111). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

LONGEST = 86_400.0
"""Seconds that an answer is kept unasked at most, whatever its server says."""

_DIRECTIVE = re.compile(r'([a-z-]+)\s*(?:=\s*"?([^",\s]*)"?)?', re.I)


def directives(headers: Mapping[str, str]) -> dict[str, str]:
    """Cache-Control's directives, in lower case, with their values."""
    found = _DIRECTIVE.findall(headers.get("Cache-Control", ""))
    return {name.lower(): value for name, value in found}


def seconds_left(age: str, headers: Mapping[str, str]) -> float:
    """Seconds until `age` (a directive's value) is reached; 0 where it is no number."""
    spent = headers.get("Age", "0")
    if not age.isdigit() or not spent.isdigit():
        return 0.0
    return max(0.0, min(float(age) - float(spent), LONGEST))
