"""Text is cut at its placeholders, whatever stands inside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.swml.templates import MAX_BODY, Placeholder, has_placeholder, parse_template

CUTS = {
    "": [],
    "plain": ["plain"],
    "$5 and 10%": ["$5 and 10%"],
    "{a}": ["{a}"],
    "${a}": [("a",)],
    "%{a}": [("a",)],
    "${ a }": [("a",)],
    "x${a}y%{b}z": ["x", ("a",), "y", ("b",), "z"],
    "${a}${b}": [("a",), ("b",)],
    "$${a}": ["$", ("a",)],
    "${items.map(i => { return i })}!": [("items.map(i => { return i })",), "!"],
    "${'}'}": [("'}'",)],
    '${"\\"}"}': [('"\\"}"',)],
    "${`}`}": [("`}`",)],
    "${it's} and ${a}": [("it's",), " and ", ("a",)],
    "${a.${b}}": [("a.${b}",)],
    "${": ["${"],
    "${a": ["${a"],
    "x ${a} ${b": ["x ", ("a",), " ${b"],
    "${}": [("",)],
}


@pytest.mark.parametrize(("text", "parts"), CUTS.items())
def test_cut(text, parts):
    assert [
        (part.source,) if isinstance(part, Placeholder) else part for part in parse_template(text)
    ] == parts
    assert has_placeholder(text) == any(isinstance(part, tuple) for part in parts)


def test_a_body_that_is_far_too_long_is_text():
    assert not has_placeholder("${" + "a" * MAX_BODY + "}")
    assert has_placeholder("${" + "a" * (MAX_BODY - 1) + "}")


@given(st.text(alphabet="${}%ab'\"`\\ ", max_size=40))
def test_no_text_is_lost(text):
    parts = parse_template(text)
    plain = [part for part in parts if isinstance(part, str)]
    for part in plain:
        assert part in text
    if not any(isinstance(part, Placeholder) for part in parts):
        assert "".join(plain) == text
