"""docs/guarantees.md promises nothing without a test, and names tests that are there."""

import re
from pathlib import Path

import pytest

import adapter

ROOT = Path(adapter.__file__).parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text()
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)


def promises() -> list[str]:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [row for row in rows if not row.startswith("| what ")]


@pytest.mark.parametrize("row", promises(), ids=lambda row: row[2:50])
def test_every_promise_names_its_test(row: str) -> None:
    what, promised, shown = row.strip("| ").split(" | ")
    assert what
    assert promised
    assert re.search(r"`[\w/]+\.py::\w+`", shown)


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)), ids=str)
def test_every_named_test_is_there(file: str, name: str) -> None:
    assert re.search(rf"^ *def {name}\(", (ROOT / "tests" / file).read_text(), re.MULTILINE)


def test_the_page_is_read() -> None:
    assert len(promises()) > 30
    assert len(NAMED) > 50
    assert len(NAMED) == PAGE.count(".py::")
