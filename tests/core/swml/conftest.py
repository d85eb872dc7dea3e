"""A catalog of every method, JavaScript in this process, and scripts run to their end."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from swml_forms import as_document
from swml_world import javascript, whole_catalog

from adapter.swml.catalog import Catalog
from adapter.swml.document import Document
from adapter.swml.effects import Effect, Result
from adapter.swml.interpreter import Interpreter
from adapter.swml.loading import load

SHARED = Path(__file__).resolve().parents[4] / "shared" / "swml"
CALL = {"call_id": "c-1", "from": "+15550001111", "to": "+15552223333", "type": "sip"}

Perform = Callable[[Effect], Result]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return whole_catalog()


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the public documents are not in {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def evaluate() -> Callable[[str, Mapping[str, Any]], Any]:
    return javascript()


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
