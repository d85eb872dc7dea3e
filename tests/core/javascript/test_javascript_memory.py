"""What JavaScript costs a call in memory: nothing where there is none, little where there is."""

import gc
import tracemalloc
from pathlib import Path

import gevent
import pytest

from adapter import methods
from adapter.swml.effects import Result
from adapter.swml.interpreter import Interpreter
from adapter.swml.loading import load

CALLS = 200
MOST = 100 * 1024
"""Bytes a call."""

PATHS = """
sections:
  main:
    - set: {a: 'x', b: '${a} %{call.from}', list: [1, 2], when: true}
    - cond: [{when: 'a', then: [{set: {c: '${list[1]}'}}]}]
    - cond: [{when: true, then: [{set: {d: 1}}]}]
    - switch: {variable: call.from, case: {'+1': [answer]}}
    - play: 'say:${b} ${vars.c} ${nothing}'
"""
SCRIPT = """
sections:
  main:
    - set: {name: '${call.from + Math.random()}', long: '${"x".repeat(200)}'}
    - set: {all: '${[name, long].join(" ")}', n: '${all.length * 2 + 1}'}
    - cond: [{when: 'n > 3', then: [{set: {words: '${all.split("x").length - 1}'}}]}]
    - play: 'say:${words + 1}'
"""


@pytest.fixture
def run(engine):
    """A call's script, which has come to its first `play`."""
    catalog = methods.catalog()

    def run(text: str, number: int = 1) -> Interpreter:
        document = load(text, catalog) if text not in loaded else loaded[text]
        loaded[text] = document
        script = Interpreter.start(document, call={"from": f"+{number}"}, evaluate=engine.evaluate)
        while script.next_effect().method != "play":
            script.apply(Result())
        return script

    loaded = {}
    return run


def test_a_call_of_paths_alone_starts_no_javascript(run, engine, children):
    before = children()
    assert run(PATHS).next_effect().params == {"url": "say:x +1 2 "}
    assert run(PATHS).vars["d"] == 1
    assert (engine.helpers, children() - before) == (0, set())


def test_a_call_with_javascript_costs_little(run, engine, children):
    """Contexts belong to the helpers, which all calls share: more calls do not make them grow."""
    others = children()
    kept = [run(SCRIPT, number) for number in range(20)]
    gc.collect()
    helpers = children() - others
    grown = -sum(map(private_bytes, helpers))
    tracemalloc.start()
    jobs = [gevent.spawn(run, SCRIPT, number) for number in range(CALLS)]
    gevent.joinall(jobs, raise_error=True)
    kept += [job.value for job in jobs]
    del jobs
    gc.collect()
    ours = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert all(script.vars["words"] == 200 for script in kept)
    grown += sum(map(private_bytes, helpers))
    assert ours + max(0, grown) < MOST * CALLS
    assert engine.helpers <= 8


def private_bytes(pid: int) -> int:
    """Memory of a process that it shares with nobody."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    lines = [line.split() for line in rollup.splitlines() if line.startswith("Private")]
    return 1024 * sum(int(words[1]) for words in lines)
