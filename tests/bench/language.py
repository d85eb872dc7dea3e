"""The language's part of `make bench`: how fast documents load and scripts run.

In processor time, of the helper process too: on a busy machine the clock tells of its neighbours.
"""

from __future__ import annotations

import os
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from adapter import methods
from adapter.javascript import Engine
from adapter.swml.document import Document
from adapter.swml.effects import Result
from adapter.swml.interpreter import Interpreter
from adapter.swml.loading import DocumentCache, load

LONG = "sections:\n  main:\n" + "".join(
    f"    - play: {{urls: ['say:line {n}', 'silence:1'], volume: {n % 9}}}\n" for n in range(1000)
)


def seconds(
    run: Callable[[], object], rounds: int, clock: Callable[[], float] = time.process_time
) -> float:
    """The median time of a run, after one that is not counted."""
    run()
    times = []
    for _ in range(rounds):
        began = clock()
        run()
        times.append(clock() - began)
    return statistics.median(times)


CONTROL = """
sections:
  main:
    - label: again
    - set: {a: 'x', b: '${a}y'}
    - unset: a
    - switch: {variable: b, case: {xy: [{set: {c: 1}}]}}
    - goto: {label: again, max: 100}
"""


USES_JAVASCRIPT = """
sections:
  main:
    - set: {name: '${call.from + Math.random()}', long: '${"x".repeat(200)}'}
    - set: {all: '${[name, long].join(" ")}', n: '${all.length * 2 + 1}'}
    - play: 'say:${n + 1}'
"""


def run(rounds: int) -> None:
    """Measure and print."""
    catalog = methods.catalog()
    document = load(CONTROL, catalog)

    def loop() -> int:
        script = Interpreter.start(document, call={})
        while script.next_effect() is not None:
            script.apply(Result())
        return script.steps

    steps = loop()
    table = Table(title=f"the language, medians of {rounds} rounds")
    table.add_column("")
    table.add_column("measured", justify="right")
    table.add_row("control steps a second", f"{steps / seconds(loop, rounds):,.0f}")
    table.add_row("a plain path", f"{path_seconds(rounds) * 1e6:.2f} µs")
    clock, _ = js_seconds("a + b * 2", rounds)
    table.add_row("a JavaScript expression", f"{clock * 1e6:.0f} µs")
    clock, work = js_seconds("((a, b) => a + b * 2)(a, b)", rounds)
    table.add_row("one with a function of its own, in another process", f"{clock * 1e6:.0f} µs")
    table.add_row("its work, there and here", f"{work * 1e6:.0f} µs")
    loading = seconds(lambda: load(LONG, catalog), rounds)
    table.add_row("1,000 steps loaded and checked", f"{loading * 1000:.0f} ms")
    cached = DocumentCache(catalog)
    again = seconds(lambda: cached.load(LONG), rounds)
    table.add_row("the same once more, for another call", f"{again * 1e6:.1f} µs")
    table.add_row("JavaScript's processes after a call of paths alone", str(helpers_of_paths()))
    table.add_row("a call that uses JavaScript keeps", f"{call_bytes() / 1024:.1f} KB")
    Console(width=100).print(table)


def path_seconds(rounds: int) -> float:
    """One placeholder that is a path, inside a `set`, less the `set` itself."""
    count = 500
    names = ", ".join(f"v{n}: '${{call.headers[0].value}}'" for n in range(count))
    plain = ", ".join(f"v{n}: 'text'" for n in range(count))
    call = {"headers": [{"name": "X", "value": "y"}]}
    with_paths = load(f"sections: {{main: [set: {{{names}}}]}}", methods.catalog())
    without = load(f"sections: {{main: [set: {{{plain}}}]}}", methods.catalog())
    both = [
        seconds(partial(_run_once, document, call), rounds) for document in (with_paths, without)
    ]
    return max(0.0, both[0] - both[1]) / count


def _run_once(document: Document, call: dict[str, Any]) -> None:
    Interpreter.start(document, call=call).next_effect()


def helpers_of_paths() -> int:
    """Helper processes that are there after a call without JavaScript."""
    engine = Engine()
    try:
        document = load(CONTROL, methods.catalog())
        Interpreter.start(document, call={}, evaluate=engine.evaluate).next_effect()
        return engine.helpers
    finally:
        engine.close()


def call_bytes() -> float:
    """Memory of a call whose script has used JavaScript; its processes are everybody's."""
    document = load(USES_JAVASCRIPT, methods.catalog())
    engine, count = Engine(), 200

    def begun() -> Interpreter:
        script = Interpreter.start(document, call={"from": "+1"}, evaluate=engine.evaluate)
        script.next_effect()
        return script

    try:
        begun()
        tracemalloc.start()
        kept = [begun() for _ in range(count)]
        return tracemalloc.get_traced_memory()[0] / len(kept)
    finally:
        tracemalloc.stop()
        engine.close()


def js_seconds(source: str, rounds: int) -> tuple[float, float]:
    """One expression's time by the clock, and the work of all processes."""
    engine = Engine()
    count = 200
    try:
        clock = seconds(lambda: _evaluate(engine, source, count), rounds, time.perf_counter)
        work = seconds(lambda: _evaluate(engine, source, count), rounds, _with_children)
        return clock / count, work / count
    finally:
        engine.close()


def _with_children() -> float:
    """Processor time of this process and of those that it started, by Linux's clock of another."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return time.process_time() + sum(time.clock_gettime((~int(pid) << 3) | 2) for pid in children)


def _evaluate(engine: Engine, source: str, count: int) -> None:
    for _ in range(count):
        engine.evaluate(source, {"a": 1, "b": 2})
