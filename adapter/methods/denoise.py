"""`denoise`: take noise out of what the caller says (SWML reference, denoise)."""

from __future__ import annotations

from adapter.freeswitch import commands
from adapter.freeswitch.errors import SwitchError
from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters

NOISE_DECIBELS = -30
"""By how much noise is made softer; speexdsp's own default is half of it."""


class Denoise(Parameters):
    """Start noise suppression."""


SPEC = MethodSpec("denoise", Denoise)

REMARK = (
    "by the switch's speexdsp: white noise between words gets 15 to 20 dB softer within two seconds"
)


def perform(context: Context, _: Denoise) -> Result:
    """The switch's speexdsp does it, on what the party says, until the call ends."""
    call = context.call
    call.answer()
    try:
        call.api(commands.preprocess(call.uuid, f"r.noise_suppress={NOISE_DECIBELS}"))
    except SwitchError as error:
        failed = ScriptError(Code.EXECUTE_FAILED, f"denoise: {error}")
        return Result({"denoise_result": "failed"}, error=failed)
    return Result({"denoise_result": "on"})
