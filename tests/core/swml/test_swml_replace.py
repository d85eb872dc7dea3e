"""Somebody outside gives a running script another document."""

import json

import pytest

from adapter.swml.effects import Result
from adapter.swml.interpreter import Interpreter

OTHER = "- play: 'other ${name}'"


def follow(script, document):
    script.replace(document)
    effect = script.next_effect()
    assert (effect.method, dict(effect.params)) == ("play", {"url": "other value"})
    script.apply(Result())
    assert script.next_effect() is None
    assert script.ended
    return script


def running(start, source):
    """A script at its second effect."""
    script = start(source)
    script.next_effect()
    script.apply(Result({"name": "value"}))
    script.next_effect()
    return script


@pytest.mark.parametrize(
    "source",
    [
        "- play: a\n- play: b\n- hangup",
        "- play: a\n- if: {condition: 'true', then: [play: b, play: c]}",
        "- play: a\n- transfer: {dest: 'http://h/'}",
        "- play: a\n- execute: {dest: 'http://h/', on_return: [play: x]}",
        "- play: a\n- prompt: {play: b, result: {case: {'1': [play: x]}}}",
    ],
)
def test_the_pending_effect_and_all_that_would_follow_is_left(start, read, source):
    follow(running(start, source), read(OTHER))


def test_a_script_that_has_ended_goes_on(start, read):
    script = start("- play: a")
    script.next_effect()
    script.apply(Result({"name": "value"}))
    assert script.next_effect() is None
    follow(script, read(OTHER))


def test_a_replaced_document_is_resumed(start, read, evaluate):
    other = read(OTHER)
    script = running(start, "- play: a\n- play: b")
    script.replace(other)
    script.next_effect()
    state = json.loads(json.dumps(script.state()))
    again = Interpreter.resume(state, {other.content_hash: other}.__getitem__, evaluate=evaluate)
    assert dict(again.next_effect().params) == {"url": "other value"}


def test_it_does_not_count_as_a_transfer_of_the_script(start, read):
    script = start("- play: a")
    for _ in range(100):
        script.replace(read("- play: b"))
        assert script.next_effect().params == {"url": "b"}
    assert script.error is None
