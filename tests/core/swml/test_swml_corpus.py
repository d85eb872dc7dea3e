"""The public documents load as their index says, and YAML and JSON twins are the same program."""

import csv
import json

import pytest

from adapter.swml.errors import DocumentError
from adapter.swml.loading import load
from adapter.swml.reader import read


@pytest.fixture(scope="module")
def index(shared):
    with (shared / "corpus" / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def text_of(shared, name):
    text = (shared / "corpus" / name).read_text("utf-8")
    if ".frag." not in name:
        return text
    steps = read(text).value
    return json.dumps({"sections": {"main": steps if isinstance(steps, list) else [steps]}})


def methods_of(document):
    return {step.method for block in document.program.blocks.values() for step in block.steps}


def test_every_document_loads_with_its_methods(shared, index, catalog):
    assert index
    for row in index:
        text = text_of(shared, row["file"])
        if row["schema_valid"] == "parse-error":
            with pytest.raises(DocumentError):
                load(text, catalog)
            continue
        document = load(text, catalog, name=row["file"])
        assert methods_of(document) == set(filter(None, row["methods"].split(","))), row["file"]


def test_no_valid_document_has_a_warning(shared, index, catalog):
    for row in index:
        if row["schema_valid"] == "yes":
            assert not load(text_of(shared, row["file"]), catalog).warnings, row["file"]


def outline_of(document):
    blocks = document.program.blocks.items()
    return {path: [(step.path, step.method) for step in block.steps] for path, block in blocks}


def test_twins_are_the_same_program(shared, catalog):
    twins = 0
    for path in sorted((shared / "corpus").glob("*.json")):
        twin = path.with_suffix(".yaml")
        if twin.exists():
            one = load(text_of(shared, path.name), catalog)
            other = load(text_of(shared, twin.name), catalog)
            assert outline_of(one) == outline_of(other), path.name
            twins += 1
    assert twins > 50
