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


COUNTS = {"set": {"n": "${n + 1}", "even": "${n % 2 === 0 ? 'yes' : 'no'}"}}
PLAIN = {"set": {"m": "${call.from} ${n}"}}


def innocent(between: Any, *before: Any) -> list[Any]:
    """Steps that come every 30 ms, and one between that does not wait."""
    return [
        {"answer": {}},
        *before,
        {"label": "again"},
        {"sleep": int(NAP * 1000)},
        between,
        {"goto": {"label": "again", "max": ROUNDS}},
    ]


def hostile(expression: str) -> list[Any]:
    return [{"answer": {}}, {"label": "again"}, {"set": {"x": expression}}, AGAIN, STAY]


def lateness(world: World, nap: str) -> list[float]:
    """By how much each round of an innocent call was later than its nap, in seconds, sorted."""
    naps = [
        datetime.fromisoformat(event["timestamp"]).timestamp()
        for event in world.log_events()
        if event.get("step") == nap
    ]
    return sorted(after - before - NAP for before, after in pairwise(naps))


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
    """What delays the same call in a quiet adapter at the same time is the machine's own.

    A step that needs no JavaScript waits for nobody. One that does may have to wait for a process
    to start, whose time on a busy machine says nothing: nine of ten do not.
    """
    for places in (world, quiet):
        places.run([{"set": {"warm": "${1 + 1}"}}])
    evil = [world.call(hostile(expression)) for expression in HOSTILE.values()]
    url = world.receiver.respond("/slow", lambda _: Answer(delay=20))
    evil.append(world.call([{"answer": {}}, {"request": {"url": url, "method": "GET"}}, STAY]))
    eventually(lambda: len(world.receiver.hits_of("/slow")) == 1)
    began = time.monotonic()
    phones = [
        each.call(innocent(*steps))
        for each in (world, quiet)
        for steps in ((PLAIN,), (COUNTS, {"set": {"n": 0}}))
    ]
    for phone in phones:
        phone.wait_ended()
    forgiven = MOST + _sleeper.overslept_since(began)
    late, usual = (lateness(each, "main[2].sleep") for each in (world, quiet))
    assert len(late) == len(usual) == ROUNDS
    assert late[-2] < usual[-1] + forgiven  # one may meet a turn of the machine
    late, usual = (lateness(each, "main[3].sleep") for each in (world, quiet))
    assert len(late) == len(usual) == ROUNDS
    assert statistics.median(late) < statistics.median(usual) + MOST / 4
    nine_of_ten = ROUNDS * 9 // 10
    assert late[nine_of_ten] < usual[nine_of_ten] + forgiven
    for phone in evil:
        assert not phone.ended
