"""What is evaluated in our own process: only what cannot take long, and to the same end."""

import json
import os
import subprocess
import sys
from time import process_time
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.javascript import Engine, EngineLimits, nearby
from adapter.javascript.bounded import bounded
from adapter.javascript.worker import maker
from adapter.swml.errors import ExpressionError
from adapter.swml.expressions import MAX_EXPRESSION, UNDEFINED

BOUNDED = [
    "1",
    " a ",
    "a + b * 2",
    "-a - -b",
    "1 / 2 / a",
    "(a + 1) / 2",
    "a[0] / b['x y'].z",
    "call.type.toLowerCase() == 'phone' && prompt_value == '1'",
    "vars.a?.b?.[0] ?? 'x'",
    "a ? 'y' : \"n\"",
    "Math.max(a, Math.floor(b)) % 3",
    "Number(a) >= 0x1F || !isNaN(parseInt(b))",
    "typeof (a) === 'string'",
    "[a, [1, null]]",
    "1.5e3 + .5",
    "a.trim().startsWith('+1')",
    "a + '// no comment /*'",
    "a << 1 >> b >>> 2 < 3",
    "a- -b+ +c",
    "Math?.max(a, 1)",
]
"""The words of real conditions."""

UNBOUNDED = [
    "f(1)",
    "f (1)",
    "(f)(1)",
    "a['x'](1)",
    "a?.(1)",
    "a.trim.call(1)",
    "''.constructor.constructor('x')()",
    "constructor /* + */ ('x')",
    "constructor /*+*/('x')",
    "constructor // +",
    "constructor <!-- +\n('x')",
    "constructor\u2028('x')",
    "\\u0066(1)",
    "a.Math.random()",
    "vars.Number(1)",
    "new Date",
    "new Math.max(1)",
    "eval('1')",
    "() => 1",
    "function () {}",
    "class {}",
    "a = 1",
    "a += 1",
    "a++",
    "--a",
    "a[4e9]++",
    "a.length <<= 30",
    "a.length >>= 0",
    "a.length >>>= 0",
    "1 <!-- + a",
    "--> a",
    "Math.repeat(1e7)",
    "Math.search('(a+)+b')",
    "Math.constructor(a)",
    "Math?.__defineGetter__('x', String)",
    "a?.\u200dtrim()",
    "1_000",
    "new.target",
    "super.x",
    "arguments[0]",
    "`${a}`",
    "String.raw`a`",
    "/a/",
    "a == /(a+)+b/",
    "a.split('')",
    "a.repeat(9)",
    "a.padEnd(9)",
    "a.replaceAll('a', 'aa')",
    "[a].join(b)",
    "JSON.stringify(a)",
    "encodeURIComponent(a)",
    "10n ** 20n",
    "0b1",
    "{a: 1}",
    "[...a]",
    "import('x')",
    "await a",
    "a; b",
    "a @ b",
    "'a",
    "[" * 33 + "]" * 33,
]


@pytest.mark.parametrize("source", BOUNDED)
def test_what_is_bounded(source):
    assert bounded(source)


@pytest.mark.parametrize("source", UNBOUNDED)
def test_what_is_not(source):
    assert bounded(source) is None


def test_no_helper_for_what_is_bounded(make_engine):
    engine = make_engine()
    assert engine.evaluate("a.trim().length + b", {"a": " x ", "b": 1}) == 2
    with pytest.raises(ExpressionError, match="c is not defined"):
        engine.evaluate("c + 1", {})
    assert engine.helpers == 0
    assert engine.evaluate("a.split(',')", {"a": "1,2"}) == ["1", "2"]
    assert engine.helpers > 0


def test_nothing_is_imported_before_the_first_expression():
    program = (
        "import sys; from adapter.javascript import Engine; Engine(); "
        "assert not any('quickjs' in name for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30, env=os.environ)


HOSTILE = [
    ("Math.max(1)", {"Math": "a" * 40}),
    ("String(a)", {"a": 1, "String": "x"}),
    ("null[a]", {"a": "\ud83d"}),
    ("null[a]", {"a": "x" * 463 + "\U0001f600" * 9}),
    ("null[a]", {"a": "b\0c"}),
    ("'b\0\u2028c' + a", {"a": "\0"}),
    ("a + 1", {"a": 10**400}),
    ("a + 1", {"a": float("nan")}),
    ("a + ''", {"a": {"toString": 1, "valueOf": 2}}),
    ("a.length", {"a": [{"__proto__": {"x": 1}}]}),
    (
        "call.headers + call.headers.length",
        {"call": {"headers": [{"name": "9999999", "value": 1}]}},
    ),
    ("call.headers['toJSON']", {"call": {"headers": [{"name": "toJSON", "value": 1}]}}),
    ("!" * 500 + "a", {"a": 1}),
    ("a ? " * 90 + "1" + " : 0" * 90, {"a": 1}),
    ("a], [b", {"a": 1, "b": 2}),
    ("a²", {"a": 1}),
    ("'\\\r'.length + this", {}),
]
"""Texts and values that could break the context which all calls share, or tell it from a helper."""


@pytest.mark.parametrize(("source", "names"), HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_hostile_is_answered_here_as_there(engines, source, names):
    here, there = engines
    assert outcome(here, source, names) == outcome(there, source, names)
    assert bounded(source), "it was compared with itself"


@pytest.mark.parametrize("reply", [None, "eInternalError: out of memory", MemoryError()])
def test_a_helper_is_asked_where_our_own_context_failed(make_engine, monkeypatch, reply):
    """With a new context for the next: the old one has no more memory, or was interrupted."""
    made = []

    def failing_once(*limits):
        made.append(limits)
        return (lambda: Mock(side_effect=[reply])) if len(made) == 1 else maker(*limits)

    monkeypatch.setattr(nearby, "maker", failing_once)
    engine = make_engine()
    assert engine.evaluate("a + 1", {"a": 1}) == 2
    helpers = engine.helpers
    assert helpers > 0
    assert [engine.evaluate("a + 1", {"a": number}) for number in (2, 3)] == [3, 4]
    assert (len(made), engine.helpers) == (2, helpers)


TEXTS = st.text("aß1. \U0001d4b3'", max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**17) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
OPERATORS = ["+", "-", "*", "/", "%", "==", "===", "!=", "<", ">=", "&&", "||", "??", ",", "**"]
SOURCES = st.recursive(
    st.sampled_from(["a", "b", "1", "0.5", "'x'", "null", "[]", "c"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("{}.{}".format, inner, st.sampled_from(["length", "a", "trim()", "at(0)"])),
        st.builds("{}({})".format, st.sampled_from(["Number", "String", "parseInt", "!"]), inner),
        st.builds("({}).indexOf({})".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def engines():
    made = [Engine(), Engine(EngineLimits(nearby=0))]
    yield made
    for one in made:
        one.close()


@given(SOURCES, VALUES, VALUES)
def test_both_come_to_the_same(engines, source, a, b):
    here, there = (outcome(engine, source, {"a": a, "b": b}) for engine in engines)
    assert here == there
    assert bounded(source), "it was compared with itself"


def outcome(engine, source, names):
    try:
        value = engine.evaluate(source, names)
    except ExpressionError as error:
        return str(error)
    return "undefined" if value is UNDEFINED else repr(value)


LONG = {
    "a": "9" * 8000,
    "b": "9" * 500,
    "c": "x" * 600,
    "d": "x" * 300 + "y",
    "e": ["9" * 9] * 600,
    "f": [5e-324] * 800,
    "g": [1.7e308] * 800,
    "h": [12345.6789] * 500,
    "k": [1] * 3000,
    "l": [{}] * 1500,
    "m": ["\u0390"] * 700,
    "n": [json.loads("[" * 60 + "]" * 60)] * 60,
}
GREEDY = [
    *("*".join([name] * times) for name in "abefghklmn" for times in (1, 5, 50, 80, 250)),
    *("+".join([name] * times) for name in "abefghklmn" for times in (2, 8, 250)),
    *("==".join([name] * times) for name in "ace" for times in (2, 20, 250)),
    "c.indexOf(d)",
    "&& ".join(["!c.includes(d)"] * 50),
    "(c + c + c + c + c).lastIndexOf(d + d)",
    "b" + ".toUpperCase()" * 60,
    "(" + "+".join(["b"] * 60) + ")" + ".toUpperCase()" * 50,
    "[" + ",".join(["c"] * 300) + "] + ''",
    "-".join(["[[e], [e]]"] * 60),
    "+".join(["1E-320"] * 140),
    "[" + ",".join(["1E-320"] * 140) + "] + ''",
    ",".join(["(1e20).toFixed(99)"] * 50),
]
"""As much work as a text can ask for."""


@pytest.mark.parametrize("source", GREEDY, ids=range(len(GREEDY)))
def test_it_never_takes_long(make_engine, source):
    """Here or in a helper: this process has other calls to see to.

    Generously: where other processes share the core, the same work takes more processor time.
    """
    assert len(source) <= MAX_EXPRESSION
    engine = make_engine()
    engine.evaluate("1", {})
    names = {name: value for name, value in LONG.items() if name in source}
    spent = [_time(engine, source, names) for _ in range(3)]
    assert min(spent) < 0.03


def _time(engine, source, names):
    began = process_time()
    outcome(engine, source, names)
    return process_time() - began
