"""SWML's calling methods: one module each, found by its name.

A module has `SPEC` (name, short forms, parameters) and `perform(context, params)`, which does it to
the call and returns the variables that the method sets. `perform` raises `ScriptError` when the
method cannot be done: the script then goes on with `<method>_result: failed`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from adapter.methods.context import Context
from adapter.swml.catalog import Catalog
from adapter.swml.control import CONTROL
from adapter.swml.effects import Effect, Result
from adapter.swml.errors import Code, ScriptError

NAMES = (
    "ai",
    "ai_sidecar",
    "amazon_bedrock",
    "answer",
    "connect",
    "denoise",
    "detect_machine",
    "enter_queue",
    "hangup",
    "join_conference",
    "join_room",
    "live_transcribe",
    "live_translate",
    "pay",
    "play",
    "prompt",
    "receive_fax",
    "record",
    "record_call",
    "request",
    "send_digits",
    "send_fax",
    "send_sms",
    "sip_refer",
    "sleep",
    "stop_denoise",
    "stop_record_call",
    "stop_stream",
    "stop_tap",
    "stream",
    "tap",
    "transcribe",
    "transcribe_stop",
    "user_event",
)
"""Every calling method that is no control structure, as SWML spells it."""

_MODULES: dict[str, ModuleType] = {name: import_module(f"adapter.methods.{name}") for name in NAMES}


_DONE_ONCE = frozenset(name for name, module in _MODULES.items() if hasattr(module, "ONCE"))


def catalog() -> Catalog:
    """Every method that a document may use."""
    return Catalog([*CONTROL, *(module.SPEC for module in _MODULES.values())])


def perform(context: Context, effect: Effect) -> Result:
    """Do what the script asks for; raises `ScriptError` when it cannot be done."""
    module = _MODULES[effect.method]
    if not can_perform(effect.method):
        raise ScriptError(Code.EXECUTE_FAILED, f"{effect.method} is not available here yet")
    result: Result = module.perform(context, module.SPEC.parse(effect.params))
    return result


def can_perform(name: str) -> bool:
    """Whether the method does more than fail with a clear result."""
    return hasattr(_MODULES[name], "perform")


def is_done_once(name: str) -> bool:
    """Whether its outcome must be stored before the next step, so that it is never done twice."""
    return name in _DONE_ONCE
