"""`user_event`: tell the connected client something (SWML reference, user_event)."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import Field

from adapter.freeswitch import commands
from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.parameters import Parameters

LIMITS = {"event": "partial: sent as a SIP INFO (application/json); there is no browser client"}

MAX_CHARACTERS = 16 * 1024
"""What fits into a SIP message over TCP or WebSocket; UDP takes less."""

_ESCAPED = dict(zip('"\\nrtbf', (0x22, 0x5C, 0x0A, 0x0D, 0x09, 0x08, 0x0C), strict=True))
_UNSAFE = re.compile(r"""\\["\\nrtbf]|[ ']""")


class UserEvent(Parameters):
    """Send an event of one's own to the client."""

    event: dict[str, Any] = Field(description="any object")


SPEC = MethodSpec("user_event", UserEvent)

ONCE = True
"""What was told is not told again if we die."""


def perform(context: Context, params: UserEvent) -> Result:
    """Send it in the dialogue; whether the client understands it, it does not say."""
    return send(context, params.event)


def send(context: Context, event: Any) -> Result:
    """The same for whatever JSON can hold: clients of RELAY may send text. Raises ValueError."""
    call = context.call
    message = json.dumps({"type": "user_event", "event": event}, separators=(",", ":"))
    if len(message) > MAX_CHARACTERS:
        raise ValueError(f"the event is longer than {MAX_CHARACTERS} characters")
    call.api(commands.send_info(call.uuid, "application/json", one_word(message)))
    return Result()


def one_word(message: str) -> str:
    """The same JSON without blanks, quotes inside of strings and backslashes of its own.

    The switch splits an API's arguments at blanks and takes quotes and backslashes away
    (switch_utils.c, `cleanup_separated_string`), but leaves `\\u0020` alone.
    """

    def escaped(found: re.Match[str]) -> str:
        letter = found[0][-1]
        code = _ESCAPED[letter] if len(found[0]) == 2 else ord(letter)
        return f"\\u{code:04x}"

    return _UNSAFE.sub(escaped, message)
