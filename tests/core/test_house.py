"""The house can be read from the ground up: no module, and no room, needs one that needs it."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import adapter

HOUSE = Path(adapter.__file__).parent

Needs = Mapping[str, set[str]]


def named(path: Path) -> str:
    """A file as imports spell it."""
    parts = path.relative_to(HOUSE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


MODULES = {named(path): path for path in HOUSE.rglob("*.py")}


def imported(source: str) -> Iterator[str]:
    """The house's modules that a text imports, those for type checkers alone as well."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside in MODULES else node.module


def needs_of_modules() -> Needs:
    return {name: set(imported(path.read_text())) for name, path in MODULES.items()}


def needs_of_rooms() -> Needs:
    """A room is a folder of the house, or a module that lies in none."""
    rooms: dict[str, set[str]] = defaultdict(set)
    for name, needed in needs_of_modules().items():
        rooms[room(name)] |= {room(other) for other in needed} - {room(name)}
    return rooms


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def circle(needs: Needs) -> str:
    """One that is there, each needing the next; empty: none is."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return " → ".join(reversed(error.args[1]))
    return ""


@pytest.mark.parametrize("needs", [needs_of_modules, needs_of_rooms])
def test_nobody_needs_who_needs_him(needs):
    assert circle(needs()) == ""


def test_the_readme_names_the_rooms_in_their_order():
    """So that a newcomer can begin at the first: each knows only those that are named before it."""
    _, _, text = (HOUSE.parent / "README.md").read_text().partition("divided into rooms")
    groups = [
        re.findall(r"`(\w+)/`", group) for group in text.partition("`service.py`")[0].split("·")
    ]
    place = {f"adapter.{name}": number for number, group in enumerate(groups) for name in group}
    assert set(place) == {named(path.parent) for path in HOUSE.glob("*/__init__.py")}
    for name, needed in needs_of_rooms().items():
        later = {other for other in needed if place.get(other, 0) > place.get(name, len(groups))}
        assert not later, f"{name} needs {later}"


def test_a_circle_is_found_and_told():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) in ("b → c → b", "c → b → c")


def test_imports_are_seen_wherever_they_stand():
    source = """
from adapter import deadline
import adapter.identity
if TYPE_CHECKING:
    from adapter.swml.document import Document
def late():
    from adapter.store import store, nothing
"""
    seen = {"adapter.deadline", "adapter.identity", "adapter.swml.document"}
    assert set(imported(source)) == seen | {"adapter.store.store", "adapter.store"}


def test_no_two_tests_have_one_name():
    """pytest collects nothing at all where two files of different folders do."""
    tests = [path.name for path in (HOUSE.parent / "tests").rglob("test_*.py")]
    assert [name for name, times in Counter(tests).items() if times > 1] == []
