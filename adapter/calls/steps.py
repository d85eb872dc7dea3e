"""One step of a script, performed on a call: whatever fails in it is the step's failure alone."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

import gevent
import structlog

from adapter import methods, metrics
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.log import about
from adapter.methods.context import Context
from adapter.store.errors import StoreError
from adapter.swml.effects import FETCH, YIELD, Effect, Result
from adapter.swml.errors import Code, ScriptError

if TYPE_CHECKING:
    from adapter.calls.call_documents import CallDocuments
    from adapter.swml.interpreter import Interpreter

log = structlog.get_logger()


def done(script: Interpreter, effect: Effect, context: Context, documents: CallDocuments) -> Result:
    """What came of an effect, of the step that it is or of what the interpreter itself wants.

    Raises `CallGone` alone: then there is no call to go on with.
    """
    if effect.method == YIELD:
        gevent.sleep(0)
        return Result()
    if effect.method == FETCH:
        return documents.fetched(script, effect)
    return _performed(context, effect)


def is_among(effect: Effect, methods: Container[str]) -> bool:
    """Whether it is one of these, or nothing that is done to the call."""
    return effect.method in (YIELD, FETCH) or effect.method in methods


def _performed(context: Context, effect: Effect) -> Result:
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
