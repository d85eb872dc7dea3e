"""Control methods: what runs, in which order, with which variables."""

import json
from time import process_time

import pytest

from adapter.swml.effects import FETCH, YIELD, Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.limits import Limits
from adapter.swml.loading import DocumentCache, load


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


def test_warnings_are_kept_up_to_the_limit(start):
    script = start("- set: {a: '${1 +}'}\n" * 20, limits=Limits(warnings=3))
    assert script.next_effect() is None
    assert len(script.take_warnings()) == 3
    assert script.warning_count == 20


def test_a_warning_has_room_when_nothing_else_has(start):
    script = start("- play: x\n" * 30, limits=Limits(variables_size=1000))
    number = 0
    while script.next_effect() is not None:
        number += 1
        script.apply(Result({f"v{number}": "x" * 300}))
    assert script.vars["script_error"] == Code.INTERNAL_ERROR


# Documents from elsewhere

FETCH_STEPS = "- {kind}: {{dest: '{url}', params: {{a: 1}}}}\n- play: after"


@pytest.mark.parametrize("kind", ["execute", "transfer"])
@pytest.mark.parametrize("url", ["https://x/y", "HTTP://x/y", "file:menus/main"])
def test_a_url_is_fetched(start, read, kind, url):
    script = start(FETCH_STEPS.format(kind=kind, url=url))
    effect = script.next_effect()
    assert (effect.method, effect.path) == (FETCH, f"main[0].{kind}")
    assert effect.params == {"url": url, "params": {"a": "1"}, "kind": kind}
    script.apply(Result(document=read("- play: 'there ${params.a}'")))
    spoken = []
    while (effect := script.next_effect()) is not None:
        spoken.append(effect.params["url"])
        script.apply(Result())
    assert spoken == (["there 1", "after"] if kind == "execute" else ["there 1"])


@pytest.mark.parametrize("kind", ["execute", "transfer"])
@pytest.mark.parametrize("error", [ScriptError(Code.EXECUTE_FAILED, "no answer"), None])
def test_a_fetch_that_fails_is_a_warning(start, kind, error):
    script = start(FETCH_STEPS.format(kind=kind, url="https://x/y"))
    script.next_effect()
    script.apply(Result(error=error))
    assert script.next_effect().params == {"url": "after"}
    assert codes(script) == [Code.EXECUTE_FAILED]


def test_a_fetched_document_that_returns_runs_the_branches(start, read):
    script = start(
        "- execute: {dest: 'https://x', on_return: [{play: 'got ${return_value}'}],"
        " result: {case: {1: [{play: one}]}}}"
    )
    script.next_effect()
    script.apply(Result(document=read("- return: 1")))
    assert script.next_effect().params == {"url": "got 1"}
    script.apply(Result())
    assert script.next_effect().params == {"url": "one"}


def test_a_failed_execute_runs_no_branch(start):
    script = start("- execute: {dest: 'https://x', on_return: [{play: never}]}\n- play: after")
    script.next_effect()
    script.apply(Result(error=ScriptError(Code.EXECUTE_FAILED, "no answer")))
    assert script.next_effect().params == {"url": "after"}


# Limits


def test_too_many_transfers_end_the_script(start):
    script = start("sections: {main: [{set: {n: '${(vars.n || 0) + 1}'}}, {transfer: main}]}")
    assert script.next_effect() is None
    assert script.error.code is Code.TOO_MANY_TRANSFERS
    assert script.vars["n"] == 33
    assert script.ended


def test_remote_executes_count_as_transfers(start, read):
    remote = read("- execute: 'https://x'")
    script = start(remote)
    fetches = 0
    while script.next_effect() is not None:
        fetches += 1
        script.apply(Result(document=remote))
    assert fetches == 32
    assert script.error.code is Code.TOO_MANY_TRANSFERS


def test_endless_executes_end_the_script(start):
    script = start("sections: {main: [{execute: main}]}")
    assert script.next_effect() is None
    assert script.error.code is Code.NESTED_TOO_DEEP


def test_a_menu_may_execute_main_again_and_again(start):
    script = start("sections: {main: [{play: menu}, {execute: main}]}")
    for _ in range(100):
        assert script.next_effect().params == {"url": "menu"}
        script.apply(Result())


def test_a_step_budget_ends_the_script(start):
    body = "- execute: {dest: s}\n" * 10
    indented = "".join(f"  {line}\n" for line in body.splitlines())
    script = start(f"sections:\n  main:\n{indented}  s:\n{indented}", limits=Limits(depth=9))
    assert script.next_effect() is None
    assert script.error.code is Code.NESTED_TOO_DEEP
    script = start("- label: a\n- goto: {label: a}\n" * 1, limits=Limits(steps=50))
    assert script.next_effect() is None
    assert script.error.code is Code.INTERNAL_ERROR
    assert script.error.path == "main[0].label"


def test_long_computing_lets_others_run(effects):
    steps = "- label: a\n- set: {n: 1}\n- goto: {label: a}\n- play: end"
    found = effects(steps, limits=Limits(burst=100))
    assert found == [(YIELD, {})] * 3 + [("play", {"url": "end"})]


# Effects and results


def test_an_effect_is_said_until_its_result_is_there(start):
    script = start("- play: '${x}'", vars={"x": "1"})
    effect = script.next_effect()
    assert script.next_effect() is effect
    assert effect.path == "main[0].play"
    script.apply(Result({"x": "2"}))
    assert script.next_effect() is None
    with pytest.raises(RuntimeError):
        script.apply(Result())


def test_outputs_become_variables(start):
    script = start("- prompt: 'say:x'\n- play: '${prompt_value}'")
    script.next_effect()
    script.apply(Result({"prompt_value": "12", "prompt_result": "match_digits"}))
    assert script.next_effect().params == {"url": "12"}
    assert script.vars["prompt_result"] == "match_digits"


@pytest.mark.parametrize(
    ("step", "variable"),
    [
        ("record_call", "record_call_result"),
        ("detect_machine", "detect_result"),
        ("enter_queue: q", "queue_result"),
    ],
)
def test_a_failure_is_a_result_and_the_script_goes_on(start, step, variable):
    script = start(f"- {step}\n- play: '${{script_error}}'")
    script.next_effect()
    script.apply(Result(error=ScriptError(Code.EXECUTE_FAILED, "no such thing")))
    assert script.vars[variable] == "failed"
    assert script.next_effect().params == {"url": "relay_script_method_execute_failed"}
    (warning,) = script.take_warnings()
    assert warning.message == "no such thing"
    assert warning.path.startswith("main[0].")


def test_a_method_may_say_itself_what_its_result_is(start):
    script = start("- record_call")
    script.next_effect()
    script.apply(
        Result({"record_call_result": "busy"}, error=ScriptError(Code.EXECUTE_FAILED, "busy"))
    )
    assert script.vars["record_call_result"] == "busy"


def test_a_hangup_ends_the_script(start):
    script = start("- hangup\n- play: never")
    script.next_effect()
    script.apply(Result(ends_script=True))
    assert script.next_effect() is None
    assert script.ended


def test_params_that_are_wrong_when_they_run(start, catalog):
    script = start("- play: {url: x, volume: '${v}'}\n- play: after", vars={"v": "loud"})
    effect = script.next_effect()
    with pytest.raises(ScriptError, match=r"play.volume: give a number, not 'loud'") as caught:
        catalog.get(effect.method).parse(effect.params)
    script.apply(Result(error=caught.value))
    assert script.next_effect().params == {"url": "after"}


BRANCHES = {
    "connect": ("connect: {to: a, result: {case: {connected: [{play: x}]}}}", "connect_result"),
    "prompt": ("prompt: {play: a, result: {case: {connected: [{play: x}]}}}", "prompt_value"),
    "with a variable": (
        "connect: {to: a, result: {variable: other, case: {connected: [{play: x}]}}}",
        "other",
    ),
    "cond": (
        "connect: {to: a, result: [{when: connect_result == 'connected', then: [{play: x}]}]}",
        "connect_result",
    ),
    "sip_refer": (
        "sip_refer: {to_uri: a, result: {case: {connected: [{play: x}]}}}",
        "sip_refer_result",
    ),
    "conference": (
        "join_conference: {name: a, result: {variable: v, case: {connected: [{play: x}]}}}",
        "v",
    ),
}


@pytest.mark.parametrize(("step", "variable"), BRANCHES.values(), ids=BRANCHES)
def test_a_result_runs_its_branch(start, step, variable):
    script = start(f"- {step}\n- play: y")
    effect = script.next_effect()
    assert "result" not in effect.params
    script.apply(Result({variable: "connected"}))
    assert script.next_effect().params == {"url": "x"}
    script.apply(Result())
    assert script.next_effect().params == {"url": "y"}


def test_steps_for_another_leg_are_left_to_it(start):
    script = start(
        "- connect:\n    confirm: [{play: 'press ${digit}'}]\n    serial:\n"
        "    - {to: '${first}', confirm: {play: 'hello ${x}'}}\n    - {to: b, confirm: 'https://c'}",
        vars={"first": "a", "x": "of A"},
    )
    effect = script.next_effect()
    assert effect.params == {
        "confirm": {"block": "main[0].connect.confirm"},
        "serial": [
            {"to": "a", "confirm": {"block": "main[0].connect.serial[0].confirm"}},
            {"to": "b", "confirm": "https://c"},
        ],
    }
    leg = start(script.document, block="main[0].connect.serial[0].confirm", vars={"x": "of B"})
    assert leg.next_effect().params == {"url": "hello of B"}


def test_a_document_for_later_is_not_expanded_now(start):
    later = '{"sections": {"main": [{"play": "${x}"}]}}'
    script = start(
        f"- connect: {{to: 'queue:q', transfer_after_bridge: '{later}'}}\n"
        "- connect: {to: a, transfer_after_bridge: '${x}'}",
        vars={"x": "https://x"},
    )
    assert script.next_effect().params["transfer_after_bridge"] == later
    script.apply(Result())
    assert script.next_effect().params["transfer_after_bridge"] == "https://x"


def test_placeholders_of_ai_functions_are_left_alone(start):
    script = start("- ai: {prompt: {text: 'hi'}, SWAIG: {x: '${args.y}'}, post_prompt_url: '${u}'}")
    assert script.next_effect().params == {
        "prompt": {"text": "hi"},
        "SWAIG": {"x": "${args.y}"},
        "post_prompt_url": "",
    }


def test_new_facts_of_the_call_are_seen(start):
    script = start("- answer\n- play: '${call.call_state} ${call.type}'")
    script.next_effect()
    script.update_call(call_state="answered", peer={"call_id": "c-2"})
    script.apply(Result())
    assert script.next_effect().params == {"url": "answered sip"}
    assert script.call["peer"]["call_id"] == "c-2"
    assert not script.has_warnings
    script.update_call(peer=None)
    assert "peer" not in script.call


@pytest.mark.parametrize("scope", ["vars", "envs", "call", "params"])
def test_a_scope_as_a_value_is_what_it_is_now(start, scope):
    """Were it the scope itself, `vars` would hold itself, and no position could be saved."""
    script = start(
        f"- set: {{a: 1}}\n- set: {{all: '${{{scope}}}', b: 2}}\n- set: {{all: '${{{scope}}}'}}\n"
        f"- return: '${{{scope}}}'",
        envs={"e": 1},
        params={"p": "1"},
    )
    assert script.next_effect() is None
    json.dumps(script.state(), allow_nan=False)
    if scope == "vars":
        assert script.vars["all"] == {"a": 1, "all": {"a": 1}, "b": 2}


def test_views_are_read_only(start):
    script = start("- play: x", params={"a": 1}, envs={"b": 2}, vars={"c": 3})
    assert (script.params["a"], script.envs["b"], script.vars["c"]) == (1, 2, 3)
    for view in (script.params, script.envs, script.vars, script.call):
        with pytest.raises(TypeError):
            view["a"] = 1


def test_twenty_thousand_control_steps_a_second(start):
    source = (
        "sections:\n  main:\n  - set: {i: 0}\n  - label: a\n"
        "  - set: {x: '${i}', y: 'n ${call.from}'}\n"
        "  - switch: {variable: call.type, case: {sip: [{set: {k: 1}}, {unset: k}]}}\n"
        "  - execute: {dest: s, params: {q: '${i}'}}\n  - goto: {label: a}\n"
        "  s: [{return: '${params.q}'}]"
    )
    best = 0.0
    for _ in range(3):
        script = start(source, limits=Limits(burst=10_000))
        begin = process_time()
        assert script.next_effect() is None
        best = max(best, script.state()["steps"] / (process_time() - begin))
    assert best > 20_000


def test_the_same_text_is_checked_once(catalog):
    cache = DocumentCache(catalog, size=2)
    one = cache.load("sections: {main: [hangup]}")
    assert cache.load("sections: {main: [hangup]}") is one
    for number in range(2):
        cache.load(f"sections: {{main: [hangup], s{number}: [hangup]}}")
    assert cache.load("sections: {main: [hangup]}") is not one
    assert load("sections: {main: [hangup]}", catalog).content_hash == one.content_hash
