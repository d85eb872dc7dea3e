"""The ends of a call as RELAY describes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def device(facts: Mapping[str, Any]) -> dict[str, Any]:
    """From SWML's `call` object."""
    if facts["type"] == "phone":
        params = {"from_number": facts["from"], "to_number": facts["to"]}
        return {"type": "phone", "params": params}
    params = {"from": facts["from"], "to": facts["to"], "headers": facts.get("headers", [])}
    return {"type": facts["type"], "params": params}
