"""`sleep`: let time pass (SWML reference, sleep)."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.parameters import Parameters


class Sleep(Parameters):
    """Wait before the next step."""

    duration: float = Field(
        ge=-1,
        validation_alias=AliasChoices("duration", "time"),
        description="milliseconds; -1 is until the call ends",
    )


SPEC = MethodSpec("sleep", Sleep, Shorthand(scalar="duration"))


def perform(context: Context, params: Sleep) -> Result:
    """Wait here, not in an application: recordings and digits go on, and the call may end.

    What had passed before a crash is not waited for again.
    """
    until = context.began + params.duration / 1000
    rest = None if params.duration < 0 else max(0.0, until - context.now())
    context.call.sleep(rest, until=context.until)
    return Result()
