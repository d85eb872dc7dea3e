"""One step of a script, performed on a call: whatever fails in it is the step's failure alone."""

from __future__ import annotations

import structlog

from adapter import methods, metrics
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.methods.context import Context
from adapter.store.errors import StoreError
from adapter.swml.effects import Effect, Result
from adapter.swml.errors import Code, ScriptError

log = structlog.get_logger()


def performed(context: Context, effect: Effect) -> Result:
    """What came of it. Raises `CallGone` alone: then there is no call to go on with."""
    log.debug(
        "step",
        call_id=context.call.uuid,
        step=effect.path,
        method=effect.method,
        params=effect.params,
    )
    try:
        result = methods.perform(context, effect)
    except CallGone:
        raise
    except ScriptError as error:
        result = Result(error=error)
    except (SwitchError, StoreError) as error:
        result = Result(error=ScriptError(Code.EXECUTE_FAILED, str(error)))
    except Exception as error:
        log.exception("a step failed inside the adapter", step=effect.path)
        result = Result(error=ScriptError(Code.INTERNAL_ERROR, f"{effect.method}: {error}"))
    outcome = "failed" if result.error else "success"
    metrics.counter(metrics.STEPS, effect.method, outcome).inc()
    return result
