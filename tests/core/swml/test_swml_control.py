"""Control methods: what runs, in which order, with which variables."""

import pytest

from adapter.swml.effects import Result
from adapter.swml.errors import Code


def said(effects):
    """What the plays of a script say."""
    return [str(params["url"]) for method, params in effects if method == "play"]


def codes(script):
    return [warning.code for warning in script.take_warnings()]


SPOKEN = {
    "set in order": (
        "- set: {price: 20, rate: 0.5, tax: '${price * rate}', total: '${price + tax}'}\n"
        "- play: '${total} ${total.toFixed(2)}'",
        ["30 30.00"],
    ),
    "set with a prefix": ("- set: {vars.a: 1}\n- play: '${a} ${vars.a}'", ["1 1"]),
    "set cannot write the call": (
        "- set: {call.from: x}\n- play: '${call.from}'",
        ["+15550001111"],
    ),
    "set deeply": (
        "- set: {a: x, b: {c: ['${a}', {d: '<${a}>'}]}}\n- play: '${b.c[1].d}'",
        ["<x>"],
    ),
    "unset": ("- set: {a: 1, b: 2}\n- unset: vars.a\n- play: '[${a}${b}]'", ["[2]"]),
    "unset by placeholder": ("- set: {a: 1, n: a}\n- unset: '${n}'\n- play: '[${a}]'", ["[]"]),
    "unset of nothing": ("- unset: [nothing]\n- play: x", ["x"]),
    "eval": (
        "- set: {a: '2'}\n- eval: {b: a * 3, c: '${a} + 1', d: '%{a}', e: nothing, f: 7}\n"
        "- play: '${b} ${c} ${d} [${e}] ${f}'",
        ["6 3 2 [] 7"],
    ),
    "goto runs the body max + 1 times": (
        "- label: a\n- play: x\n- goto: {label: a, max: 3}\n- play: y",
        ["x"] * 4 + ["y"],
    ),
    "goto without max": ("- label: a\n- play: x\n- goto: {label: a}", ["x"] * 101),
    "goto with a condition": (
        "- set: {n: 0}\n- label: a\n- set: {n: '${n + 1}'}\n- play: '${n}'\n"
        "- goto: {label: a, when: n < 3}",
        ["1", "2", "3"],
    ),
    "goto forward": ("- goto: {label: b}\n- play: x\n- label: b\n- play: y", ["y"]),
    "goto out of branches": (
        "- set: {n: 0}\n- label: top\n- set: {n: '${n + 1}'}\n"
        "- cond: [{when: n < 3, then: [{switch: {variable: n, default: ["
        "{play: 'again'}, {goto: {label: top}}, {play: never}], case: {}}}, {play: never}]}]\n"
        "- play: done",
        ["again", "again", "done"],
    ),
    "goto inside a branch": (
        "- cond: [{when: 'true', then: [{label: a}, {play: x}, {goto: {label: a, max: 1}}]}]\n"
        "- play: y",
        ["x", "x", "y"],
    ),
    "max by placeholder": (
        "- set: {m: '2'}\n- label: a\n- play: x\n- goto: {label: a, max: '${m}'}",
        ["x"] * 3,
    ),
    "each goto counts for itself": (
        "- label: a\n- play: x\n- goto: {label: a, max: 1}\n- goto: {label: a, max: 1}",
        ["x"] * 3,
    ),
    "jumps are counted anew in each run of a section": (
        "sections:\n  main: [{execute: s}, {execute: s}]\n"
        "  s: [{label: a}, {play: x}, {goto: {label: a, max: 1}}]",
        ["x"] * 4,
    ),
    "cond takes the first that holds": (
        "- cond: [{when: 'false', then: [{play: a}]}, {when: '1', then: [{play: b}]},"
        " {when: 'true', then: [{play: c}]}, {else: [{play: d}]}]",
        ["b"],
    ),
    "cond takes else": (
        "- cond: [{when: 'nothing', then: [{play: a}]}, {else: [{play: d}]}]\n- play: e",
        ["d", "e"],
    ),
    "cond takes nothing": ("- cond: [{when: 'nothing', then: [{play: a}]}]\n- play: e", ["e"]),
    "switch compares text": (
        "- set: {n: 5.0}\n- switch: {variable: vars.n, case: {'5': [{play: five}]}}",
        ["five"],
    ),
    "switch on a boolean": (
        "- set: {b: true}\n- switch: {variable: b, case: {true: [{play: 'yes'}]}}",
        ["yes"],
    ),
    "switch on a placeholder": (
        "- set: {b: x}\n- switch: {variable: '%{b}', case: {x: [{play: x}]}}",
        ["x"],
    ),
    "switch on what is not there": (
        "- switch: {variable: nothing, case: {'': [{play: empty}]}}",
        ["empty"],
    ),
    "switch takes default": (
        "- switch: {variable: call.type, case: {phone: []}, default: [{play: d}]}",
        ["d"],
    ),
    "execute and come back": (
        "sections:\n  main: [{play: a}, {execute: s}, {play: c}]\n  s: [{play: b}]",
        ["a", "b", "c"],
    ),
    "execute inside execute": (
        "sections:\n  main: [{execute: s}, {play: c}]\n  s: [{execute: t}, {play: b}]\n"
        "  t: [{play: a}]",
        ["a", "b", "c"],
    ),
    "params are text": (
        "sections:\n"
        "  main: [{execute: {dest: s, params: {a: 1, b: 2, c: true, d: [1], e: null}}}]\n"
        "  s: [{play: '${params.a + params.b} ${params.c} ${params.d} [${params.e}]'}]",
        ["12 true [1] []"],
    ),
    "params are replaced and restored": (
        "sections:\n"
        "  main: [{execute: {dest: s, params: {a: 1}}}, {play: 'm[${params.a}]'}]\n"
        "  s: [{execute: {dest: t, params: {b: 2}}}, {play: 's[${params.a}${params.b}]'}]\n"
        "  t: [{play: 't[${params.a}${params.b}]'}]",
        ["t[2]", "s[1]", "m[]"],
    ),
    "params can be given by placeholder": (
        "sections:\n  main: [{set: {p: {a: 1}}}, {execute: {dest: s, params: '${p}'}}]\n"
        "  s: [{play: '${params.a}'}]",
        ["1"],
    ),
    "variables stay": (
        "sections:\n  main: [{execute: s}, {play: '${x}'}]\n  s: [{set: {x: 1}}]",
        ["1"],
    ),
    "return gives a value": (
        "sections:\n  main: [{execute: s}, {play: '${return_value.a}'}]\n"
        "  s: [{return: {a: '${call.type}'}}, {play: never}]",
        ["sip"],
    ),
    "return from inside branches": (
        "sections:\n  main: [{execute: s}, {play: '${return_value}'}]\n"
        "  s: [{if: {condition: 'true', then: [{cond: [{else: [{return: 5}]}]}, {play: never}]}},"
        " {play: never}]",
        ["5"],
    ),
    "the end of a section returns nothing": (
        "sections:\n  main: [{execute: s}, {execute: t}, {play: '[${return_value}]'}]\n"
        "  s: [{return: 5}]\n  t: [{play: t}]",
        ["t", "[]"],
    ),
    "return in main ends the script": ("- play: a\n- return: 1\n- play: never", ["a"]),
    "on_return, then result": (
        "sections:\n  main:\n  - execute:\n      dest: s\n"
        "      result: {case: {5: [{play: five}]}, default: [{play: other}]}\n"
        "      on_return: [{play: 'back ${return_value}'}]\n  - play: end\n  s: [{return: 5}]",
        ["back 5", "five", "end"],
    ),
    "result as cond": (
        "sections:\n  main:\n  - execute: {dest: s, result: [{when: return_value > 3,"
        " then: [{play: more}]}, {else: [{play: less}]}]}\n  s: [{return: 5}]",
        ["more"],
    ),
    "result as steps": (
        "sections:\n  main:\n  - execute: {dest: s, result: {switch: {variable: return_value,"
        " case: {5: {play: five}}}}}\n  s: [{return: 5}]",
        ["five"],
    ),
    "a label is seen from on_return": (
        "sections:\n  main: [{label: a}, {execute: {dest: s, on_return: ["
        "{goto: {label: a, max: 1}}]}}, {play: end}]\n  s: [{play: s}]",
        ["s", "s", "end"],
    ),
    "transfer does not come back": (
        "sections:\n  main: [{execute: s}, {play: never}]\n"
        "  s: [{transfer: {dest: t, params: {a: 1}}}, {play: never}]\n"
        "  t: [{play: '${params.a}'}]",
        ["1"],
    ),
    "execute a document inside": (
        """- execute: {params: {a: 1}, dest: '{"sections": {"main": [{"play": "${params.a} in"},"""
        """{"return": 7}]}}'}\n- play: '${return_value}${params.a}'""",
        ["1 in", "7"],
    ),
    "execute a YAML document inside": (
        "- execute:\n    dest: |\n      sections:\n        main:\n        - play: inside\n"
        "- play: end",
        ["inside", "end"],
    ),
    "execute a document inside, as an object": (
        "- execute: {dest: {sections: {main: [{play: inside}, {execute: s}], s: [{play: s}]}}}",
        ["inside", "s"],
    ),
    "execute a document that is a value": (
        "- set: {d: {sections: {main: [{play: inside}]}}}\n- execute: '${d}'\n- play: end",
        ["inside", "end"],
    ),
    "transfer to a document inside": (
        """- transfer: {dest: '{"sections": {"main": [{"play": "inside"}]}}'}\n- play: never""",
        ["inside"],
    ),
    "a section by placeholder": (
        "sections:\n  main: [{set: {w: s}}, {execute: '${w}'}]\n  s: [{play: s}]",
        ["s"],
    ),
    "a section that is called like a method": (
        "sections:\n  main: [{execute: hangup}]\n  hangup: [{play: s}]",
        ["s"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), SPOKEN.values(), ids=SPOKEN)
def test_spoken(effects, source, expected):
    assert said(effects(source)) == expected


GOES_ON = {
    "switch without a match": (
        "- switch: {variable: nothing, case: {a: []}}",
        Code.NO_MATCHING_CONDITION,
    ),
    "a condition that fails": ("- cond: [{when: 'a b', then: [hangup]}]", Code.JS_EVAL_ERROR),
    "an expression that fails": ("- set: {a: '${1 +}'}", Code.JS_EVAL_ERROR),
    "a section that is not there": (
        "- set: {w: nowhere}\n- execute: '${w}'",
        Code.SECTION_UNDEFINED,
    ),
    "a transfer to nowhere": ("- transfer: '${nothing}'", Code.SECTION_UNDEFINED),
    "a URL of another kind": ("- transfer: '${x}ftp://x'", Code.PARSE_ERROR),
    "a relay destination": ("- transfer: '${x}relay:app'", Code.EXECUTE_FAILED),
    "a label that is not there": ("- goto: {label: '${nothing}'}", Code.PARAMETER_INVALID),
    "a document that may not run": (
        "- set: {d: {sections: {}}}\n- execute: '${d}'",
        Code.MAIN_SECTION_MISSING,
    ),
}


@pytest.mark.parametrize(("source", "code"), GOES_ON.values(), ids=GOES_ON)
def test_the_script_goes_on_with_a_warning(start, source, code):
    script = start(source + "\n- play: end")
    assert script.next_effect().method == "play"
    assert codes(script) == [code]
    assert script.vars["script_error"] == code
    assert script.error is None


def test_a_warning_says_where(start):
    script = start("- hangup\n- switch: {variable: nothing, case: {}}")
    script.next_effect()
    script.apply(Result())
    script.next_effect()
    assert [warning.path for warning in script.take_warnings()] == ["main[1].switch"]
    assert script.take_warnings() == []
