"""docs/methods.md says what the code does; packages add to it."""

import importlib
import json
import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from adapter import methods
from adapter.methods import table
from adapter.swml.effects import Effect
from adapter.swml.errors import Code, ScriptError

PAGE = Path(__file__).parents[3] / "docs" / "methods.md"
PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "swml" / "SWMLObject.json"


def sections(page: str) -> dict[str, str]:
    """A page's sections by method."""
    found = page.split("\n## `")
    return {one.partition("`")[0]: one for one in found[1:]} | {"": found[0]}


def test_the_page_is_what_the_code_says():
    said, made = sections(PAGE.read_text()), sections(table.markdown())
    stale = {name for name in said | made if said.get(name) != made.get(name)}
    assert not stale, "python -m adapter.methods.table > docs/methods.md"


def published_names(definitions, node):
    """Every parameter that the published schema knows for a method, in whichever of its forms."""
    if "$ref" in node:
        yield from published_names(definitions, definitions[node["$ref"].rpartition("/")[2]])
    for form in (one for kind in ("oneOf", "anyOf", "allOf") for one in node.get(kind, [])):
        yield from published_names(definitions, form)
    yield from node.get("properties", {})


def test_the_page_has_every_published_parameter_of_every_published_method():
    if not PUBLISHED.exists():
        pytest.skip(f"the published schema is not in {PUBLISHED}")
    definitions = json.loads(PUBLISHED.read_text("utf-8"))["$defs"]
    listed = {entry.spec.name: {name for name, _, _ in entry.rows()} for entry in table.entries()}
    absent = []
    for reference in definitions["SWMLMethod"]["anyOf"]:
        ((name, node),) = definitions[reference["$ref"].rpartition("/")[2]]["properties"].items()
        absent += [
            (name, each) for each in published_names(definitions, node) if each not in listed[name]
        ]
    assert absent == []
    assert len(listed) > 40


def test_remarks_name_parameters_that_there_are():
    for name, module in methods.modules().items():
        fields = module.SPEC.parameters.model_fields
        known = {info.alias or field for field, info in fields.items()}
        assert set(getattr(module, "LIMITS", {})) <= known, name


@pytest.mark.parametrize(
    "name", ["ai", "ai_sidecar", "amazon_bedrock", "live_transcribe", "live_translate"]
)
def test_what_needs_a_package_says_so(world, name):
    with pytest.raises(ScriptError, match=r"needs .*; install a package that brings it") as caught:
        methods.perform(world, Effect(name, {}))
    assert caught.value.code == Code.EXECUTE_FAILED


PACKAGE = """
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.parameters import Parameters


class Shout(Parameters):
    text: str


SPEC = MethodSpec("{name}", Shout, Shorthand(scalar="text"))


def perform(context, params):
    return Result({{"shouted": params.text.upper()}})
"""


@pytest.fixture
def installed(monkeypatch):
    """Installs packages that bring methods, each a name and a source."""

    def install(**sources: str):
        points = []
        for name, source in sources.items():
            module = types.ModuleType(f"package_{name}")
            exec(source, module.__dict__)
            monkeypatch.setitem(sys.modules, module.__name__, module)
            points.append(EntryPoint(name, module.__name__, methods.GROUP))
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
        return importlib.reload(methods)

    yield install
    monkeypatch.undo()
    importlib.reload(methods)


def test_a_package_adds_a_method_and_replaces_another(installed, world):
    found = installed(shout=PACKAGE.format(name="shout"), ai=PACKAGE.format(name="ai"))
    assert found.catalog().get("shout") is not None
    for name in ("shout", "ai"):
        result = found.perform(world, Effect(name, {"text": "hello"}))
        assert result.variables == {"shouted": "HELLO"}


def test_a_package_that_is_broken_takes_nothing_else_with_it(installed):
    found = installed(shout=PACKAGE.format(name="another"), ai="SPEC = None")
    assert found.catalog().get("shout") is None
    assert not found.can_perform("ai")
    assert found.can_perform("play")
