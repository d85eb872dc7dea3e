"""What surrounds a script in these tests: every method, JavaScript, and a world that answers."""

import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import _quickjs

import adapter.javascript
import adapter.methods
from adapter.swml.catalog import Catalog
from adapter.swml.control import CONTROL
from adapter.swml.document import Document
from adapter.swml.effects import FETCH, YIELD, Effect, Result
from adapter.swml.errors import Code, ExpressionError, ScriptError
from adapter.swml.expressions import UNDEFINED
from adapter.swml.interpreter import Interpreter
from adapter.swml.limits import Limits

LIMITS = Limits(steps=400, transfers=6, depth=6, burst=20)
CALL = {"from": "+1", "type": "sip", "headers": [{"name": "X-One", "value": "1"}]}
ENVS = {"x": "from envs", "e": 7}
VARS = {"l": "a", "n": 2}
REMOTE = (
    "sections: {main: [{play: 'remote ${params.a}'}, {goto: {label: '${l}'}}, {return: 3}]}",
    "sections: {main: {switch: {variable: n, case: {1: {sleep: 1}}, default: {return: ['${n}']}}}}",
)
"""What is at every URL: one or the other."""


def whole_catalog() -> Catalog:
    """A catalog of every method."""
    names = (info.name for info in pkgutil.iter_modules(adapter.methods.__path__))
    modules = [importlib.import_module(f"adapter.methods.{name}") for name in names]
    return Catalog([*CONTROL, *(module.SPEC for module in modules if hasattr(module, "SPEC"))])


def javascript() -> Callable[[str, Mapping[str, Any]], Any]:
    """The helper's own JavaScript, without the helper."""
    context = _quickjs.Context()
    context.set_time_limit(1.0)
    folder = Path(adapter.javascript.__file__).parent
    dates, realm = ((folder / name).read_text("utf-8") for name in ("dates.js", "realm.js"))
    zones = context.eval(dates)(context.globalThis)
    ask = context.eval(realm)(context.globalThis, 512, 262_144, zones)

    def evaluate(source: str, names: Mapping[str, Any]) -> Any:
        known = {name: value for name, value in names.items() if value is not UNDEFINED}
        unknown = [name for name, value in names.items() if value is UNDEFINED]
        reply = ask(json.dumps([source, [*known, *unknown], list(known.values())]))
        if reply[0] == "e":
            raise ExpressionError(reply[1:])
        return UNDEFINED if reply[0] == "u" else json.loads(reply[1:])

    return evaluate


def begun(document: Document, evaluate: Any) -> Interpreter:
    """A script before its first step, in this world."""
    return Interpreter.start(
        document, call=CALL, envs=ENVS, vars=VARS, limits=LIMITS, evaluate=evaluate
    )


def answer(effect: Effect, number: int, mood: int, remote: list[Document]) -> Result:
    """The result of an effect: it depends on nothing but how many there were, and the mood."""
    turn = number + mood
    failed = ScriptError(Code.EXECUTE_FAILED, "so it is")
    if effect.method == YIELD:
        return Result()
    if effect.method == FETCH:
        return Result(document=remote[turn % 2]) if turn % 3 else Result(error=failed)
    if effect.method == "hangup" and mood % 2 == 0:
        return Result(ends_script=True)
    if turn % 5 == 4:
        return Result(error=failed)
    if turn % 23 == 22:
        return Result(transfer=remote[0])
    digits = str(turn % 4)
    return Result({"last": effect.method, "n": number, "prompt_value": digits, "t": [mood, "b"]})


def seen(script: Interpreter, effect: Effect | None) -> list[Any]:
    """What others can observe of a script that has come to an effect."""
    error = script.error and str(script.error.code)
    what = effect and [effect.method, dict(effect.params), effect.path]
    return [what, dict(script.vars), dict(script.params), error, script.document.content_hash]
