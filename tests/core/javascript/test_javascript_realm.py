"""Expressions behave as in V8 where documents need it, and leave nothing behind."""

import contextlib

import pytest

from adapter.javascript import Engine
from adapter.swml.errors import ExpressionError


@pytest.fixture(scope="module")
def engine():
    engine = Engine()
    yield engine
    engine.close()


VALUES = {
    "1 + 2": 3,
    "5.0": 5,
    "0.1 + 0.2": 0.30000000000000004,
    "1e21": 1e21,
    "'a' + 1": "a1",
    "'5' * '2'": 10,
    "'5' == 5": True,
    "null ?? 'x'": "x",
    "({a: {b: 1}}).a?.b": 1,
    "[3, 1, 2].sort()": [1, 2, 3],
    "[1, 2, 3].filter(n => n > 1).map(n => n * 2)": [4, 6],
    "[1, [2, [3]]].flat(Infinity)": [1, 2, 3],
    "[1, 2, 3].at(-1)": 3,
    "[1, 2, 3].includes(2)": True,
    "[1, 2, 3].findLast(n => n < 3)": 2,
    "Object.entries({a: 1}).join()": "a,1",
    "Object.fromEntries([['a', 1]])": {"a": 1},
    "({...{a: 1}, b: 2})": {"a": 1, "b": 2},
    "'abc'.substring(0, 2)": "ab",
    "'abc'.padStart(5, '0')": "00abc",
    "'a-b-c'.replaceAll('-', '')": "abc",
    "'sip:5551@x'.replace(/^sip:/i, '').replace(/@.*/, '')": "5551",
    "'+1 (555) 000'.replace(/[^0-9]/g, '')": "1555000",
    "'2024-05-06'.match(/(?<y>\\d+)-/).groups.y": "2024",
    "'Straße'.toUpperCase()": "STRASSE",
    "'ÀÉ'.normalize('NFD').length": 4,
    "'a,b'.split(',')": ["a", "b"],
    "`${1 + 1}x`": "2x",
    "parseInt('42px')": 42,
    "parseFloat('1.50')": 1.5,
    "Number('0x10')": 16,
    "(12.345).toFixed(2)": "12.35",
    "(1234.5).toString()": "1234.5",
    "(255).toString(16)": "ff",
    "Math.round(2.5)": 3,
    "Math.max(...[1, 5, 3])": 5,
    "isNaN('x')": True,
    "encodeURIComponent('a b&c')": "a%20b%26c",
    "JSON.parse('{\"a\": [1]}').a[0]": 1,
    "JSON.stringify({a: [1, null]})": '{"a":[1,null]}',
    "new Date(0).toISOString()": "1970-01-01T00:00:00.000Z",
    "new Date('2024-02-29T12:00:00Z').getTime()": 1709208000000,
    "new Date(Date.UTC(2024, 0, 31)).getUTCDay()": 3,
    "typeof Date.now()": "number",
    "[...new Set([1, 1, 2])]": [1, 2],
    "new Map([['a', 1]]).get('a')": 1,
    "(() => { const x = 2; return x * 2 })()": 4,
    "1, 2": 2,
    "{a: 1}": {"a": 1},
    "1 // one": 1,
    "/* one */ 1": 1,
    "0/0": "NaN",
    "-1/0": "-Infinity",
    "10n ** 20n": "1" + "0" * 20,
    "null": None,
    "Object.keys(Intl)": ["DateTimeFormat"],
    "(1234.5).toLocaleString()": "1234.5",
}


@pytest.mark.parametrize(("source", "value"), VALUES.items())
def test_value(engine, source, value):
    found = engine.evaluate(source, {})
    assert (found, type(found)) == (value, type(value))


ERRORS = [
    "",
    "1 +",
    "1; 2",
    "1);(2",
    "1)}; (function(){ return (2",
    "let x = 1",
    "for (let i = 0; i < 3; i++) i",
    "while (true) {}",
    "return 1",
    "nothing",
    "nothing.a",
    "null.a",
    "() => 1",
    "Symbol('x')",
    "throw 1",
    "JSON.parse('{')",
    "(() => { const o = {}; o.o = o; return o })()",
    "await 1",
    "010",
    "with ({}) 1",
]


@pytest.mark.parametrize("source", ERRORS)
def test_error(engine, source):
    with pytest.raises(ExpressionError):
        engine.evaluate(source, {})


NOWHERE = [
    "require('fs')",
    "fetch('http://x')",
    "process.env",
    "std.open('/etc/passwd', 'r')",
    "os.exec(['id'])",
    "new Worker('x')",
    "load('/etc/passwd')",
    "new XMLHttpRequest()",
    "setTimeout(() => 1, 1)",
    "console.log(1)",
    "print(1)",
]


@pytest.mark.parametrize("source", NOWHERE)
def test_there_is_no_way_out(engine, source):
    with pytest.raises(ExpressionError, match="is not defined"):
        engine.evaluate(source, {})


def test_importing_a_file_gives_nothing(engine):
    assert engine.evaluate("import('/etc/passwd')", {}) == {}


LEAVE_BEHIND = [
    "globalThis.left = 1",
    "left = 1",
    "this.left = 1",
    "Array.prototype.left = 1",
    "Object.prototype.left = 1",
    "Math.left = 1",
    "Math.max = () => 1",
    "JSON.stringify = () => '1'",
    "JSON.parse = () => 1",
    "Object.defineProperty(Object.prototype, 'left', {value: 1})",
    "[][Symbol.iterator]().__proto__.left = 1",
    "(function* () {})().__proto__.left = 1",
    "(function* () {}).constructor.prototype.left = 1",
    "(async function () {}).constructor.prototype.left = 1",
    "''.matchAll(/a/g).__proto__.left = 1",
    "(1).constructor.constructor('left = 1')()",
    "Function('return this')().left = 1",
    "eval('var left = 1')",
    "new Function('globalThis.left = 1')()",
    "Reflect.setPrototypeOf(Array.prototype, {left: 1}) || [].left",
    "arguments.callee.left = 1",
    "(function () { return arguments.callee })()",
]


@pytest.mark.parametrize("source", LEAVE_BEHIND)
def test_nothing_is_left_behind(engine, source):
    with contextlib.suppress(ExpressionError):
        engine.evaluate(source, {"secret": "x"})
    assert engine.evaluate("typeof left", {}) == "undefined"
    assert engine.evaluate("[typeof [].left, typeof Math.left, Math.max(1, 2)]", {}) == [
        "undefined",
        "undefined",
        2,
    ]
    assert engine.evaluate("JSON.parse(JSON.stringify({a: [1]}))", {}) == {"a": [1]}
    assert engine.evaluate("[...[1, 2]].length", {}) == 2


def test_a_value_is_fresh_in_each_evaluation(engine):
    source = "(a.push(1), a.length)"
    assert [engine.evaluate(source, {"a": []}) for _ in range(3)] == [1, 1, 1]


def test_a_last_match_is_not_kept(engine):
    engine.evaluate("/(secret)/.test('secret')", {})
    assert engine.evaluate("typeof RegExp.$1 + typeof RegExp.lastMatch", {}) == (
        "undefinedundefined"
    )


def test_headers_are_found_by_name(engine):
    call = {"headers": [{"name": "X-Foo", "value": "bar"}, {"name": "length", "value": "9"}, None]}
    assert engine.evaluate("call.headers['X-Foo'] + call.headers.length", {"call": call}) == "bar3"
    assert engine.evaluate("JSON.stringify(call.headers[0])", {"call": call}) == (
        '{"name":"X-Foo","value":"bar"}'
    )


@pytest.mark.parametrize(
    "name", ["constructor", "toString", "hasOwnProperty", "__proto__", "length", "name", "from"]
)
def test_names_of_built_ins_can_be_bound(engine, name):
    assert engine.evaluate(f"{name} + 1", {name: 1}) == 2


def test_more_sources_than_are_kept(engine):
    assert [engine.evaluate(f"{number} + 1", {}) for number in range(1200)] == list(range(1, 1201))
