"""Conditions keep values out of the code, and only the names in a source are sent."""

import pytest

from adapter.swml.expressions import names_in, parse_condition

CONDITIONS = {
    "a == 1": ("a == 1", []),
    "${a} == 1": ("($_0) == 1", [("a",)]),
    "%{a.b[0]} == ${c}": ("($_0) == ($_1)", [("a", "b", 0), ("c",)]),
    "'${a}' == 'x'": ("(''+($_0)+'') == 'x'", [("a",)]),
    '"${a}" == "x"': ('(""+($_0)+"") == "x"', [("a",)]),
    "'a ${b} c'.length": ("('a '+($_0)+' c').length", [("b",)]),
    "'it\\'s ${a}'": ("('it\\'s '+($_0)+'')", [("a",)]),
    "`%{a}`": ("(`${($_0)}`)", [("a",)]),
    "`${a}`": ("`${a}`", []),
    "${a.b()} == 1": ("(a.b()) == 1", []),
    "${a": ("${a", []),
    "'${a'": ("'${a'", []),
}


@pytest.mark.parametrize(("text", "expected"), CONDITIONS.items())
def test_condition(text, expected):
    condition = parse_condition(text)
    assert (condition.source, [slot.path for slot in condition.slots]) == expected


@pytest.mark.parametrize(
    ("text", "path"),
    {"a": ("a",), " a.b ": ("a", "b"), "a-b": None, "${a}": None, "!a": None}.items(),
)
def test_a_bare_path_needs_no_engine(text, path):
    assert parse_condition(text).path == path


NAMES = {
    "a + b": (["a", "b"], {}),
    "vars.a + vars['b-c']": (["b", "c"], {"vars": ("a", "b-c")}),
    "vars.a.b": ([], {"vars": ("a",)}),
    "vars[x]": (["x"], {"vars": None}),
    "vars.a + JSON.stringify(vars)": (["JSON"], {"vars": None}),
    "call?.type": ([], {"call": ("type",)}),
    "params . a": (["a"], {"params": ("a",)}),
    "envs.a": ([], {"envs": ("a",)}),
    "[...items]": (["items"], {}),
    "if (a) function": (["a"], {}),
    "from.replace(/x/, of)": (["from", "x", "of"], {}),
    "$_0 + _": (["$_0", "_"], {}),
}


@pytest.mark.parametrize(("source", "expected"), NAMES.items())
def test_names(source, expected):
    names = names_in(source)
    assert (list(names.bare), dict(names.members)) == expected
