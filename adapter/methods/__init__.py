"""SWML's calling methods: one module each, found by its name.

A module has `SPEC` (name, short forms, parameters) and `perform(context, params)`, which does it to
the call and returns the variables that the method sets. `perform` raises `ScriptError` when the
method cannot be done: the script then goes on with `<method>_result: failed`.
"""

from __future__ import annotations

from types import ModuleType

from adapter.methods import answer, hangup, play, record_call, sleep, stop_record_call
from adapter.methods.context import Context
from adapter.swml.catalog import Catalog
from adapter.swml.control import CONTROL
from adapter.swml.effects import Effect, Result
from adapter.swml.errors import Code, ScriptError

_MODULES: dict[str, ModuleType] = {
    module.SPEC.name: module
    for module in (answer, hangup, play, record_call, sleep, stop_record_call)
}


def catalog() -> Catalog:
    """Every method that a document may use."""
    return Catalog([*CONTROL, *(module.SPEC for module in _MODULES.values())])


def perform(context: Context, effect: Effect) -> Result:
    """Do what the script asks for; raises `ScriptError` when it cannot be done."""
    module = _MODULES[effect.method]
    if not hasattr(module, "perform"):
        raise ScriptError(
            Code.EXECUTE_FAILED, f"{effect.method} is known but not available on this switch"
        )
    result: Result = module.perform(context, module.SPEC.parse(effect.params))
    return result
