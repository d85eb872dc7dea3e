"""One step of a script, performed on a call: whatever fails in it is the step's failure alone."""

from __future__ import annotations

import structlog

from adapter import methods, metrics
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.log import about
from adapter.methods.context import Context
from adapter.store.errors import StoreError
from adapter.swml.effects import Effect, Result
from adapter.swml.errors import Code, ScriptError

log = structlog.get_logger()


def performed(context: Context, effect: Effect) -> Result:
    """What came of it. Raises `CallGone` alone: then there is no call to go on with."""
    with about(step=effect.path, control_id=effect.params.get("control_id")):
        log.debug("step", method=effect.method, params=effect.params)
        result = _outcome(context, effect)
    metrics.count(metrics.STEPS, effect.method, "failed" if result.error else "success")
    return result


def _outcome(context: Context, effect: Effect) -> Result:
    try:
        return methods.perform(context, effect)
    except CallGone:
        raise
    except ScriptError as error:
        return Result(error=error)
    except (SwitchError, StoreError) as error:
        return Result(error=ScriptError(Code.EXECUTE_FAILED, str(error)))
    except Exception as error:
        log.exception("a step failed inside the adapter")
        return Result(error=ScriptError(Code.INTERNAL_ERROR, f"{effect.method}: {error}"))
