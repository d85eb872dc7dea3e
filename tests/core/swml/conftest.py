"""A catalog of every method, JavaScript in this process, and scripts run to their end."""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import _quickjs
import pytest
from swml_forms import as_document

import adapter.javascript
import adapter.methods
from adapter.swml.catalog import Catalog
from adapter.swml.control import CONTROL
from adapter.swml.document import Document, load
from adapter.swml.effects import Effect, Result
from adapter.swml.errors import ExpressionError
from adapter.swml.expressions import UNDEFINED
from adapter.swml.interpreter import Interpreter

SHARED = Path(__file__).resolve().parents[4] / "shared" / "swml"
CALL = {"call_id": "c-1", "from": "+15550001111", "to": "+15552223333", "type": "sip"}

Perform = Callable[[Effect], Result]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    names = (info.name for info in pkgutil.iter_modules(adapter.methods.__path__))
    modules = [importlib.import_module(f"adapter.methods.{name}") for name in names]
    return Catalog([*CONTROL, *(module.SPEC for module in modules if hasattr(module, "SPEC"))])


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the public documents are not in {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def evaluate() -> Callable[[str, Mapping[str, Any]], Any]:
    """The helper's own JavaScript, without the helper."""
    context = _quickjs.Context()
    context.set_time_limit(1.0)
    realm = Path(adapter.javascript.__file__).with_name("realm.js").read_text("utf-8")
    ask = context.eval(realm)(context.globalThis, 512, 262_144)

    def evaluate(source: str, names: Mapping[str, Any]) -> Any:
        known = {name: value for name, value in names.items() if value is not UNDEFINED}
        unknown = [name for name, value in names.items() if value is UNDEFINED]
        reply = ask(json.dumps([source, [*known, *unknown], list(known.values())]))
        if reply[0] == "e":
            raise ExpressionError(reply[1:])
        return UNDEFINED if reply[0] == "u" else json.loads(reply[1:])

    return evaluate


@pytest.fixture
def read(catalog: Catalog) -> Callable[..., Document]:
    """Loads a document; text that is only steps is put into a `main`."""

    def read(source: str) -> Document:
        return load(as_document(source), catalog)

    return read


@pytest.fixture
def start(read: Any, evaluate: Any) -> Callable[..., Interpreter]:
    """A script at its first step."""

    def start(source: str | Document, **options: Any) -> Interpreter:
        document = source if isinstance(source, Document) else read(source)
        return Interpreter.start(document, **{"call": CALL, "evaluate": evaluate, **options})

    return start


@pytest.fixture
def effects(start: Any) -> Callable[..., list[tuple[str, dict[str, Any]]]]:
    """Every effect of a script as (method, params), each answered by `perform`."""

    def effects(
        source: str | Document, perform: Perform = lambda _effect: Result(), **options: Any
    ) -> list[tuple[str, dict[str, Any]]]:
        return [
            (effect.method, dict(effect.params))
            for effect in performed(start(source, **options), perform)
        ]

    return effects


@pytest.fixture
def variables(start: Any) -> Callable[..., dict[str, Any]]:
    """The variables at the end of a script."""

    def variables(
        source: str | Document, perform: Perform = lambda _effect: Result(), **options: Any
    ) -> dict[str, Any]:
        script = start(source, **options)
        for _effect in performed(script, perform):
            pass
        return dict(script.vars)

    return variables


def performed(script: Interpreter, perform: Perform) -> Iterator[Effect]:
    for _ in range(2000):
        effect = script.next_effect()
        if effect is None:
            return
        yield effect
        script.apply(perform(effect))
    pytest.fail("the script has 2000 effects and more to come")
