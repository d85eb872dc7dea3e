"""Hostile expressions beside a call that counts time: a whole adapter, real sockets."""

import statistics
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.receiver import Answer, Receiver
from worlds.sim_switch import SimSwitches
from worlds.steps import STAY
from worlds.switches import MAIN
from worlds.waiting import Sleeper, eventually
from worlds.world import Stage, World, documents_by_number, project

HOSTILE = {
    "endless loop": "${(() => { while (true); })()}",
    "memory": "${(() => { const a = []; while (true) a.push('x'.repeat(1e5)); })()}",
    "regular expression": "${/^(a+)+$/.test('a'.repeat(40) + 'b')}",
    "native function": "${('a'.repeat(3e6) + 'b').lastIndexOf('a'.repeat(1e6) + 'c')}",
    "deep recursion": "${(function f(n) { return f(n + 1) + 1; })(0)}",
    "a long result": "${'x'.repeat(250000)}",
    "sorting": "${Array(3e5).fill(0).map((_, i) => (i * 7919) % 300007).sort().length + 0}",
}
AGAIN = {"goto": {"label": "again", "max": 100}}
MOST = 0.020
"""Seconds by which a hostile expression may delay a step of another call."""

NAP = 0.03
ROUNDS = 90

_sleeper = Sleeper()


def innocent() -> list[Any]:
    """Steps that come every 30 ms, with an expression between."""
    count = {"set": {"n": "${n + 1}", "even": "${n % 2 === 0 ? 'yes' : 'no'}"}}
    return [
        {"answer": {}},
        {"set": {"n": 0}},
        {"label": "again"},
        {"sleep": int(NAP * 1000)},
        count,
        {"goto": {"label": "again", "max": ROUNDS}},
    ]


def hostile(expression: str) -> list[Any]:
    return [{"answer": {}}, {"label": "again"}, {"set": {"x": expression}}, AGAIN, STAY]


def lateness(world: World) -> list[float]:
    """By how much each round of the innocent call was later than its nap, in seconds."""
    naps = [
        datetime.fromisoformat(event["timestamp"]).timestamp()
        for event in world.log_events()
        if event.get("step") == "main[3].sleep"
    ]
    return [after - before - NAP for before, after in pairwise(naps)]


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[World]:
    """A second world, with a switch and an adapter of its own, in which nobody is hostile."""
    switch, receiver = SimSwitches(tmp_path / "quiet-switch"), Receiver().start()
    settings = {"swml": documents_by_number(receiver), "projects": [project()]}
    adapter = AdapterProcess(tmp_path / "quiet", switch.adapter_ports[MAIN], settings).start()
    world = World(Stage(switch, adapter, receiver, tmp_path), tmp_path)
    yield world
    world.leave()
    adapter.kill()
    receiver.stop()
    switch.stop()


@pytest.mark.parametrize("stage", ["sim"], indirect=True)
def test_no_hostile_expression_delays_another_call(world: World, quiet: World) -> None:
    """What delays the same call in a quiet adapter at the same time is the machine's own."""
    for places in (world, quiet):
        places.run([{"set": {"warm": "${1 + 1}"}}])
    evil = [world.call(hostile(expression)) for expression in HOSTILE.values()]
    url = world.receiver.respond("/slow", lambda _: Answer(delay=20))
    evil.append(world.call([{"answer": {}}, {"request": {"url": url, "method": "GET"}}, STAY]))
    eventually(lambda: len(world.receiver.hits_of("/slow")) == 1)
    began = time.monotonic()
    phones = [each.call(innocent()) for each in (world, quiet)]
    for phone in phones:
        phone.wait_ended()
    late, usual = lateness(world), lateness(quiet)
    assert len(late) == len(usual) == ROUNDS
    assert statistics.median(late) < statistics.median(usual) + MOST / 4
    assert max(late) < MOST + max(usual) + _sleeper.overslept_since(began)
    for phone in evil:
        assert not phone.ended
