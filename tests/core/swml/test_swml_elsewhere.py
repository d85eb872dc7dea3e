"""Documents that `execute` and `transfer` name by their address."""

import pytest

from adapter.swml.effects import FETCH, Result
from adapter.swml.errors import Code, ScriptError

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
    assert [warning.code for warning in script.take_warnings()] == [Code.EXECUTE_FAILED]


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
