"""What a script may not go beyond, and how fast it goes."""

from time import process_time

from adapter.swml.effects import YIELD, Result
from adapter.swml.errors import Code
from adapter.swml.limits import Limits
from adapter.swml.loading import DocumentCache, load


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
