"""Effects: what is asked for, and what comes of the results that are given back."""

import json

import pytest

from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError


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
