"""`send_digits`: send DTMF (SWML reference, send_digits)."""

from __future__ import annotations

from pydantic import Field

from adapter.freeswitch import commands
from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.parameters import Parameters

SECONDS = {"w": 0.5, "W": 1.0}
"""How long the letters of a pause last; the switch knows the same ones."""

DIGIT_SECONDS = 0.51
"""A digit by RFC 2833 and the pause after it: measured on a real switch, where 16 of them took
8.1 s; its own lengths (switch_core.h, 250 ms and a pause) are only a half of that."""


class SendDigits(Parameters):
    """Press keys."""

    digits: str = Field(
        pattern=r"^[0-9A-Da-d*#wW]+$",
        description="0-9 * # A-D, and W or w to wait one second or a half of one",
    )


SPEC = MethodSpec("send_digits", SendDigits, Shorthand(scalar="digits"))

LIMITS = {"digits": "RFC 2833 where the other end has it; the call is answered first"}

ONCE = True
"""Keys that were pressed are not pressed again if we die."""


def perform(context: Context, params: SendDigits) -> Result:
    """Queue the digits on the switch and wait as long as they take."""
    call = context.call
    call.answer()
    call.api(commands.api("uuid_send_dtmf", call.uuid, params.digits))
    call.sleep(sum(SECONDS.get(digit, DIGIT_SECONDS) for digit in params.digits))
    return Result({"send_digits_result": "success"})
