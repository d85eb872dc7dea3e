"""SWML's calling methods: one module each, found by its name.

A module has `SPEC` (name, short forms, parameters) and `perform(context, params)`, which does it to
the call and returns the variables that the method sets. `perform` raises `ScriptError` when the
method cannot be done: the script then goes on with `<method>_result: failed`. `LIMITS` says of
parameters that are not all that the reference says what they are, `REMARK` the same of the
whole, `MISSING` why there is no `perform`. `adopt(context)` takes up what it had started in the
background, on a call that comes back after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType

import structlog

from adapter.methods.context import Context
from adapter.swml.catalog import Catalog
from adapter.swml.control import CONTROL
from adapter.swml.effects import Effect, Result
from adapter.swml.errors import Code, ScriptError

log = structlog.get_logger()

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
    "relay",
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

GROUP = "swml_freeswitch.methods"
"""Entry points by which a package adds or replaces a method: its name, and a module like ours."""

ADVICE = "install a package that brings it (docs/extending.md)"


def _modules() -> dict[str, ModuleType]:
    """Ours, and those of packages; one that cannot be used is left out and said so."""
    found = {name: import_module(f"adapter.methods.{name}") for name in NAMES}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = _usable(point.name, point.load())
        except Exception:
            log.exception("a package's method cannot be used", method=point.name)
    return found


def _usable(name: str, module: ModuleType) -> ModuleType:
    if module.SPEC.name != name or not callable(module.perform):
        raise TypeError(f"its SPEC is not that of {name}, or it has no perform")
    return module


_MODULES = _modules()

_DONE_ONCE = frozenset(name for name, module in _MODULES.items() if hasattr(module, "ONCE"))

_SILENT = frozenset(name for name, module in _MODULES.items() if hasattr(module, "SILENT"))


def catalog() -> Catalog:
    """Every method that a document may use."""
    return Catalog([*CONTROL, *(module.SPEC for module in _MODULES.values())])


def perform(context: Context, effect: Effect) -> Result:
    """Do what the script asks for; raises `ScriptError` when it cannot be done."""
    module = _MODULES[effect.method]
    if not can_perform(effect.method):
        reason = getattr(module, "MISSING", "it is not made yet")
        raise ScriptError(
            Code.EXECUTE_FAILED, f"{effect.method} is not performed: {reason}; {ADVICE}"
        )
    result: Result = module.perform(context, module.SPEC.parse(effect.params))
    return result


def adopt(context: Context) -> None:
    """Take up what methods had started on a call that was in other hands, where they can."""
    for module in _MODULES.values():
        if take_up := getattr(module, "adopt", None):
            take_up(context)


def can_perform(name: str) -> bool:
    """Whether the method does more than fail with a clear result."""
    return hasattr(_MODULES[name], "perform")


def why_not_performed(name: str) -> str:
    """Why a method only fails here, and what to do about it; empty where it does not."""
    module = _MODULES.get(name)
    if module is None or can_perform(name):
        return ""
    reason = getattr(module, "MISSING", "it is not made yet")
    return f"{name} is not performed here: {reason}; {ADVICE}"


def is_done_once(name: str) -> bool:
    """Whether its outcome must be stored before the next step, so that it is never done twice."""
    return name in _DONE_ONCE


def is_silent(name: str) -> bool:
    """Whether nobody would notice that it is done again, however long it has taken."""
    return name in _SILENT


def modules() -> Mapping[str, ModuleType]:
    """Every method's module, by its name."""
    return MappingProxyType(_MODULES)
