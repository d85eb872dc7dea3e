"""What placeholders become: scopes, types, JavaScript, failures, hostile values."""

from time import process_time

import pytest

from adapter.swml.effects import Result
from adapter.swml.errors import Code, ExpressionError
from adapter.swml.limits import Limits
from adapter.swml.variables import Variables

CALL = {"from": "+1555", "type": "sip", "where": "call", "headers": [{"name": "X-A", "value": "b"}]}
ENVS = {"where": "envs", "key": "k"}
VARS = {
    "n": 5,
    "f": 2.5,
    "yes": True,
    "no": False,
    "text": "four",
    "five": "5",
    "none": None,
    "list": [1, "b", {"c": "d"}],
    "object": {"a": 1, "content-type": "t"},
    "template": "${call.from} ${1+1}",
}


@pytest.fixture
def reports():
    return []


@pytest.fixture
def scopes(evaluate, reports):
    scopes = Variables(call=CALL, envs=ENVS, limits=Limits(), evaluate=evaluate)
    scopes.params = {"a": "1", "b": "2"}
    scopes.report = lambda code, message: reports.append((code, message))
    for name, value in VARS.items():
        scopes.put(name, value)
    return scopes


EXPANDED = {
    "plain": "plain",
    "${n}": 5,
    "%{n}": 5,
    "n is ${n}": "n is 5",
    "${n}${n}": "55",
    "${yes}": True,
    "${no} and ${yes}": "false and true",
    "${none}": None,
    "[${none}]": "[]",
    "${f}": 2.5,
    "${list}": [1, "b", {"c": "d"}],
    "${list[2].c}": "d",
    "say:${list}": 'say:[1,"b",{"c":"d"}]',
    "${object.content-type}": "t",
    "${call.from}": "+1555",
    "${vars.n}": 5,
    "${envs.key} ${key}": "k k",
    "${params.a}": "1",
    "${a}": "",
    "${where}": "envs",
    "${call.where}": "call",
    "${type}": "sip",
    "${missing}": "",
    "<${missing.deeper}>": "<>",
    "${vars.missing}": "",
    "${call.headers['x-a']}": "b",
    "${list.length}": "",
    "${text.length}": "",
    "${(list.length)}": 3,
    "${list.length + 0}": 3,
    "${text.toUpperCase()}": "FOUR",
    "${vars.text.substring(0, 2)}": "fo",
    "${from.replace('+', '')}": "1555",
    "${call.from.split('').join(' ')}": "+ 1 5 5 5",
    "${params.a + params.b}": "12",
    "${parseInt(params.a) + parseInt(params.b)}": 3,
    "${n * f}": 12.5,
    "${n > 4 ? 'more' : 'less'}": "more",
    "${[1,2,3].reduce((a, b) => a + b, 0)}": 6,
    "${list.map(x => typeof x).join()}": "number,string,object",
    "${JSON.stringify(object)}": '{"a":1,"content-type":"t"}',
    "${Object.keys(vars).length}": len(VARS),
    "${{a: n}}": {"a": 5},
    "${undefined}": "",
    "${vars.missing}x": "x",
    "${vars.missing == null}": True,
    "${typeof missing}": "undefined",
    "${0/0}": "NaN",
    "${1e400}": "Infinity",
    "${10n}": "10",
    "${true}": True,
    "${5}": 5,
    "${template}": "${call.from} ${1+1}",
    "x ${template}": "x ${call.from} ${1+1}",
    "${'}'}": "}",
    "${call.headers['X-A'].toUpperCase()}": "B",
}


@pytest.mark.parametrize(("text", "value"), EXPANDED.items())
def test_expanded(scopes, reports, text, value):
    found = scopes.expand(text)
    assert (found, type(found)) == (value, type(value))
    assert not reports


def test_values_are_expanded_at_any_depth_but_keys_are_not(scopes):
    value = {"${n}": ["${n}", {"a": "n=${n}", "b": 1, "c": None}]}
    assert scopes.expand(value) == {"${n}": [5, {"a": "n=5", "b": 1, "c": None}]}


FAILED = [
    "${missing + 1}",
    "${missing.a.b()}",
    "${1 +}",
    "${for (;;) {}}",
    "${it's}",
    "${const = 6}",
    "${(() => 1)}",
    "${a.${b}}",
    "${" + "1+" * 600 + "1}",
    "${}",
]


@pytest.mark.parametrize("text", FAILED)
def test_a_failed_expression_is_empty_and_reported(scopes, reports, text):
    assert scopes.expand(text) == ""
    assert scopes.expand(f"<{text}>") == "<>"
    assert [code for code, _ in reports] == [Code.JS_EVAL_ERROR] * 2


CONDITIONS = {
    "n == 5": True,
    "n === 5": True,
    "n === '5'": False,
    "vars.n > params.a": True,
    "call.type.toLowerCase() == 'sip'": True,
    "yes": True,
    "no": False,
    "none": False,
    "list": True,
    "text": True,
    "missing": False,
    "vars.missing.deeper": False,
    "list.length": True,
    "text.length == 4": True,
    "list.length == 3": True,
    "missing == 'x'": False,
    "missing != 'x'": True,
    "!missing": True,
    "missing === undefined": True,
    "missing.deeper == 1": False,
    "'${n}' == '5'": True,
    "${n} == 5": True,
    "${five} == 5": True,
    "${five} === 5": True,
    "'${five}' === '5'": True,
    "${text} == 'four'": True,
    '"${text}" == "four"': True,
    "${missing} == 1": False,
    "'${missing}' == ''": True,
    "${call.type.toUpperCase()} == 'SIP'": True,
    "${yes}": True,
    "${no}": False,
    "${missing}": False,
    "${n > 4}": True,
    "${n} > 4 && '${call.type}' == 'sip'": True,
    "`${text}` == 'four'": True,
    "`%{text}!` == 'four!'": True,
    "true": True,
    "false": False,
    "1": True,
    "''": False,
    "list.includes('b')": True,
    "Math.max(n, 7) == 7": True,
    "typeof missing == 'undefined'": True,
    "call.headers['X-A'] == 'b'": True,
}


@pytest.mark.parametrize(("when", "holds"), CONDITIONS.items())
def test_condition(scopes, when, holds):
    assert scopes.holds(when) is holds


def test_an_expression_may_have_1024_characters(scopes, reports):
    longest = "1+" * 511 + "10"
    assert len(longest) == 1024
    assert scopes.expand(f"${{{longest}}}") == 521
    assert scopes.expand(f"${{1{longest}}}") == ""
    assert "1024 characters" in reports[0][1]


@pytest.mark.parametrize(("when", "holds"), [(True, True), (False, False), (1, True), (0, False)])
def test_a_condition_that_is_no_text(scopes, when, holds):
    assert scopes.holds(when) is holds


def test_a_condition_that_fails_does_not_hold_and_is_reported(scopes, reports):
    assert not scopes.holds("n ==")
    assert [code for code, _ in reports] == [Code.JS_EVAL_ERROR]


def test_a_bare_path_starts_no_engine(reports):
    scopes = Variables(call=CALL, envs={}, limits=Limits(), evaluate=None)
    scopes.report = lambda code, message: reports.append(message)
    assert scopes.expand("${call.from} ${nothing}") == "+1555 "
    assert scopes.holds("call.type")
    assert scopes.holds("${call.type}")
    assert not scopes.holds("nothing.at.all")
    assert not reports
    assert scopes.expand("${1+1}") == ""
    assert reports == ["1+1: there is no JavaScript engine here"]


HOSTILE = [
    "'); globalThis.pwned = true; ('",
    '"); throw 1; ("',
    "1) || (true",
    "`${1+1}`",
    "\\",
    "'",
    '"',
    "*/ 1 /*",
    "${1+1}",
    "%{call.from}",
    "\n1",
    "\u2028",
    "true || 1",
    "constructor",
    "__proto__",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_stays_data(scopes, reports, value):
    scopes.put("evil", value)
    assert scopes.expand("${evil}") == value
    assert scopes.expand("<${evil}>") == f"<{value}>"
    assert scopes.expand("${evil + ''}") == value
    assert not scopes.holds("${evil} == 'x'")
    assert not scopes.holds("'${evil}' == 'x'")
    assert scopes.holds("'${evil}' == evil")
    assert scopes.holds("`%{evil}` == evil")
    assert not scopes.holds("typeof pwned != 'undefined'")
    assert not reports


def test_only_the_names_of_a_source_are_sent():
    seen = {}

    def evaluate(_source, names):
        seen.update(names)
        raise ExpressionError("seen")

    scopes = Variables(call=CALL, envs={}, limits=Limits(), evaluate=evaluate)
    scopes.put("a", 1)
    scopes.put("b", 2)
    scopes.expand("${a + vars.b + call.type}")
    assert seen == {"a": 1, "vars": {"b": 2}, "call": {"type": "sip"}}


def test_a_value_that_is_too_large_becomes_empty(scopes, reports):
    scopes.put("big", "x" * 300_000)
    assert scopes.vars["big"] == ""
    assert reports[0][0] is Code.INTERNAL_ERROR


@pytest.mark.parametrize("text", ["${a.length + b.length}", "${JSON.stringify(vars).length}"])
def test_an_expression_gets_so_much_and_no_more(scopes, reports, text):
    scopes.put("a", "x" * 250_000)
    scopes.put("b", "x" * 250_000)
    assert scopes.expand(text) > 500_000 - 1
    scopes.put("b", [1] * 32_000)
    scopes.put("c", "x" * 250_000)
    assert scopes.expand("${a.length}") == ""
    assert scopes.expand("${a.length + 0}") == 250_000
    assert scopes.expand("${a.length + b.length + c.length}") == ""
    assert scopes.expand("${JSON.stringify(vars).length}") == ""
    assert [code for code, _ in reports] == [Code.JS_EVAL_ERROR] * 2
    assert "too large" in reports[0][1]


def test_doubling_text_ends(variables):
    steps = "- set: {x: 'xxxxxxxxxx'}\n" + "- set: {x: '${x}${x}'}\n" * 40
    assert len(variables(steps)["x"]) <= Limits().value_size


def test_doubling_lists_ends(variables):
    steps = "- set: {x: [1]}\n" + "- set: {x: ['${x}', '${x}']}\n" * 40
    assert variables(steps)["script_error"] == Code.INTERNAL_ERROR


def test_nesting_ends(variables):
    steps = "- set: {x: [1]}\n" + "- set: {x: ['${x}']}\n" * 100
    assert variables(steps)["script_error"] == Code.INTERNAL_ERROR


def test_many_large_values_end(start):
    script = start(
        "- play: x\n" * 40,
    )
    number = 0
    while script.next_effect() is not None:
        number += 1
        script.apply(Result({f"v{number}": "x" * 200_000}))
    kept = [value for name, value in script.vars.items() if name.startswith("v") and value]
    assert len(kept) == Limits().variables_size // 200_000


def test_a_plain_path_is_fast(scopes):
    spans = []
    for _ in range(50):
        start = process_time()
        for _ in range(1000):
            scopes.expand("${call.from}")
        spans.append(process_time() - start)
    assert min(spans) < 0.003
