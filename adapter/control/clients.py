"""Which RELAY clients have a call: their names stand in a variable of its channel.

So whoever gets the call, should its process die, knows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

VARIABLE = "swml_relay_clients"

MOST = 8
"""Clients of one call."""

_PROTOCOL = re.compile(r"signalwire_[0-9a-f]{32}_[0-9a-f-]{36}")


def is_protocol(text: str) -> bool:
    """Whether it looks like a name that we have given to a client."""
    return bool(_PROTOCOL.fullmatch(text))


def clients_in(value: str) -> list[str]:
    """The names in the variable's value."""
    return [one for one in value.split(",") if is_protocol(one)][:MOST]


def clients_variable(names: Iterable[str]) -> dict[str, str]:
    """The variable that names them."""
    return {VARIABLE: ",".join(names)}
