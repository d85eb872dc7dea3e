"""`send_digits`: send DTMF (SWML reference, send_digits)."""

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class SendDigits(Parameters):
    """Press keys."""

    digits: str = Field(description="0-9 * # A-D, and W or w to wait one second or a half of one")


SPEC = MethodSpec("send_digits", SendDigits, Shorthand(scalar="digits"))
