"""`stop_denoise`: end noise suppression (SWML reference, stop_denoise)."""

from __future__ import annotations

import contextlib

from adapter.freeswitch import commands
from adapter.freeswitch.errors import CommandFailed
from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.parameters import Parameters


class StopDenoise(Parameters):
    """End noise suppression."""


SPEC = MethodSpec("stop_denoise", StopDenoise, result_variable="denoise_result")


def perform(context: Context, _: StopDenoise) -> Result:
    """Off it is, whether it was on or not."""
    call = context.call
    with contextlib.suppress(CommandFailed):
        call.api(commands.preprocess(call.uuid, "stop"))
    return Result({"denoise_result": "off"})
