"""YAML scalars: what stays text, what becomes a number, and that keys are always text."""

import pytest
import yaml

from adapter.swml.reader import read
from adapter.swml.yaml_reader import ReadError, read_yaml

SCALARS = {
    "5": 5,
    "-5": -5,
    "0": 0,
    "-0": 0,
    "007": "007",
    "+15551234567": "+15551234567",
    "15551234567": 15551234567,
    "123456789012345678901": "123456789012345678901",
    "1_000": "1_000",
    "0x1F": 31,
    "0o17": "0o17",
    "1.5": 1.5,
    "-1.5": -1.5,
    "+1.5": 1.5,
    ".5": 0.5,
    "5.": 5.0,
    "1e3": 1000.0,
    "1.5e-3": 0.0015,
    "1.0.0": "1.0.0",
    "12:30": "12:30",
    "2024-01-01": "2024-01-01",
    ".inf": ".inf",
    ".nan": ".nan",
    "true": True,
    "True": True,
    "FALSE": False,
    "tRue": "tRue",
    "yes": "yes",
    "no": "no",
    "on": "on",
    "off": "off",
    "null": None,
    "~": None,
    "": None,
    "text": "text",
    "'5'": "5",
    '"true"': "true",
    "!!str 5": "5",
    "!!int '5'": 5,
    "#*1": None,
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_scalar(text, value):
    found = read_yaml(f"key: {text}").value["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("key", ["1", "1.0", "true", "yes", "null", "007", "+1", "~", "'1'"])
def test_a_key_is_its_text(key):
    assert list(read_yaml(f"{key}: x").value) == [key.strip("'")]


def test_lines_are_known_by_path():
    tree = read_yaml("a:\n  - b: 1\n    c:\n      - 2\n", lines=True)
    assert tree.lines == {"": 1, "a": 2, "a[0]": 2, "a[0].b": 2, "a[0].c": 4, "a[0].c[0]": 4}


@pytest.mark.parametrize("text", ["<<: 5", "<<: [5]", "a: *b", "? {a: b}\n: c", "? *x\n: c"])
def test_what_is_not_plain_data_is_refused(text):
    with pytest.raises(ReadError):
        read_yaml(text)


def test_a_merge_does_not_override():
    tree = read_yaml("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 0}")
    assert tree.value["z"] == {"a": 0, "b": 2, "c": 4}


def test_the_public_documents_read_as_any_loader_reads_them(shared):
    for path in sorted((shared / "corpus").glob("*.yaml")):
        text = path.read_text("utf-8")
        try:
            expected = yaml.safe_load(text)
        except yaml.YAMLError:
            with pytest.raises(ReadError):
                read(text)
        else:
            assert read(text).value == expected, path.name
