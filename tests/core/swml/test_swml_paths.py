"""Paths are recognised, looked up, and told from JavaScript."""

import pytest

from adapter.swml.paths import MISSING, follow, parse_path

PATHS = {
    "a": ("a",),
    "_a1": ("_a1",),
    "$a": ("$a",),
    "a.b": ("a", "b"),
    "a.0": ("a", "0"),
    "a[0]": ("a", 0),
    "a[0].b": ("a", 0, "b"),
    "a[0][1]": ("a", 0, 1),
    "a['b c']": ("a", "b c"),
    'a["b c"].d': ("a", "b c", "d"),
    "a['']": ("a", ""),
    "content-type": ("content-type",),
    "a.content-type": ("a", "content-type"),
    "items.length": ("items", "length"),
    "é.ü": ("é", "ü"),
}
NO_PATHS = [
    "",
    "a b",
    "a + b",
    "a+b",
    "a.b()",
    "(a)",
    "(items.length)",
    "a[b]",
    "a[-1]",
    "a[0",
    "a.",
    ".a",
    "a..b",
    "a?.b",
    "5",
    "-a",
    "'a'",
    "a['b\\'c']",
    "true",
    "false",
    "null",
    "undefined",
    "this",
    "!a",
    "a\n",
]


@pytest.mark.parametrize(("text", "path"), PATHS.items())
def test_a_path(text, path):
    assert parse_path(text) == path


@pytest.mark.parametrize("text", NO_PATHS)
def test_no_path(text):
    assert parse_path(text) is None


DATA = {
    "a": {"b": [1, {"c": "d"}], "content-type": "x", "n": None, "0": "zero"},
    "text": "four",
    "headers": [{"name": "X-Foo", "value": "bar"}, {"name": "X-Empty"}, "odd"],
}


@pytest.mark.parametrize(
    ("text", "value"),
    {
        "data.a.b[0]": 1,
        "data.a.b.1.c": "d",
        "data.a['b'][1]['c']": "d",
        "data.a.content-type": "x",
        "data.a.n": None,
        "data.a[0]": "zero",
        "data.headers['x-foo']": "bar",
        "data.headers.X-Foo": "bar",
        "data.headers[0].name": "X-Foo",
        "data.headers['X-Empty']": MISSING,
        "data.headers['X-None']": MISSING,
        "data.a.b[7]": MISSING,
        "data.a.b.length": MISSING,
        "data.text.length": MISSING,
        "data.text[0]": MISSING,
        "data.a.n.x": MISSING,
        "data.nothing.x": MISSING,
    }.items(),
)
def test_follow(text, value):
    assert follow(DATA, parse_path(text)) == value
