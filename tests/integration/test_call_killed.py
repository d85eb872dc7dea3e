"""The adapter dies at every step of a document with two recordings, in as many calls at once.

Each call is held at another step when the one kill comes: in the middle of what takes time (a
sound, a request, a prompt, a bridge), or between a step that is done and the next one.
"""

import json
import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.phones import Called, Phone
from worlds.receiver import Answer, Hit, Inbox, Receiver
from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play, record, stop
from worlds.waiting import eventually
from worlds.world import World, documents_by_number

VOICE, SOUND, QUESTION, OTHER_PARTY = 440, 600, 800, 500
SOUND_SECONDS = 2.0
ONCE = 0.75 * SOUND_SECONDS
"""So much of it at least is heard where it was played once, on a busy machine."""

TIMED_SECONDS = 9.0
"""Longer than it takes until the kill: the timer has to be set again by who takes the call up."""

BUSY = 2.5
"""Seconds by which so many calls at once may be late: less than the adapter is away."""

AGAIN = 20.0
"""Seconds for what comes after the adapter's return."""

WITHIN = ("playing", "asking", "prompting", "talking")
"""Killed while the step is under way."""

STATIONS = (
    *("set", "whole", "timed", "playing", "played", "asking", "asked"),
    *("prompting", "prompted", "talking", "talked", "stopped"),
)
"""All of them, in the order of the document."""


class Gates:
    """Steps that hold a call until the gate is opened; each tells the script's variables."""

    def __init__(self, receiver: Receiver, path: str, held: str) -> None:
        self.seen: dict[str, list[dict[str, Any]]] = {}
        self.url = receiver.respond(path, self._answer)
        self._held = held
        self._open = threading.Event()

    def step(self, name: str) -> dict[str, Any]:
        return {"execute": {"dest": f"{self.url}?{name}"}}

    def open(self) -> None:
        self._open.set()

    def reached(self, name: str) -> bool:
        return name in self.seen

    def wait(self, name: str, within: float = AGAIN) -> dict[str, Any]:
        """The variables with which the gate was reached last."""
        eventually(
            lambda: self.reached(name),
            within=within,
            what=f"the gate {name!r}, behind {list(self.seen)}",
        )
        return self.seen[name][-1]

    def _answer(self, hit: Hit) -> Answer:
        name = hit.path.partition("?")[2]
        self.seen.setdefault(name, []).append(hit.json["vars"])
        if name == self._held:
            self._open.wait(AGAIN)
        return Answer(200, b'{"sections": {"main": ["return"]}}')


@dataclass
class Held:
    """One call, and the station at which the kill meets it."""

    station: str
    inbox: Inbox
    gates: Gates
    bob: Called
    asked: list[Hit] = field(default_factory=list)
    phone: Phone | None = None

    def is_past(self, station: str) -> bool:
        return STATIONS.index(self.station) > STATIONS.index(station)


def begin(world: World, adapter: AdapterProcess, station: str) -> Held:
    before = {"playing": "timed", "asking": "played", "prompting": "asked", "talking": "prompted"}
    name = world.new_number(station)
    gates = Gates(world.receiver, f"/gates/{name}", before.get(station, station))
    held = Held(station, world.inbox(), gates, world.somebody(says=tone(OTHER_PARTY)))
    held.phone = world.call(script(world, held, name), says=tone(VOICE), adapter=adapter)
    return held


def script(world: World, held: Held, name: str) -> list[Any]:
    gates = held.gates
    question = {"play": world.sound(tone(QUESTION, seconds=1)), "initial_timeout": 60}
    once = threading.Event()

    def answer(hit: Hit) -> Answer:
        held.asked.append(hit)
        if held.station == "asking" and not once.is_set():
            once.set()
            threading.Event().wait(AGAIN)  # the adapter dies before the answer
        return Answer(200, json.dumps({"ticket": name}).encode())

    url = world.receiver.respond(f"/asked/{name}", answer)
    return [
        *SETTLED,
        {"set": {"who": name}},
        gates.step("set"),
        record(held.inbox, "whole", stereo=True),
        gates.step("whole"),
        record(held.inbox, "timed", direction="speak", max_length=TIMED_SECONDS, terminators="#"),
        gates.step("timed"),
        play(world.sound(tone(SOUND, seconds=SOUND_SECONDS))),
        gates.step("played"),
        {"request": {"url": url, "method": "POST", "save_variables": True}},
        gates.step("asked"),
        {"prompt": question},
        gates.step("prompted"),
        {"connect": {"to": held.bob.uri}},
        gates.step("talked"),
        stop("whole"),
        gates.step("stopped"),
        gates.step("end"),
        STAY,
    ]


def go_on(held: Held) -> None:
    """Do the party's part as far as the station: answer the prompt, end the talk."""
    assert held.phone
    if held.is_past("prompting"):
        held.gates.wait("asked")
        held.phone.press("5")
    if held.is_past("talking"):
        held.bob.wait_call(within=AGAIN)
        held.phone.wait_heard(OTHER_PARTY, within=AGAIN)
        held.bob.calls()[0].hang_up()
    if held.station not in WITHIN:
        held.gates.wait(held.station)


def begin_step(held: Held) -> None:
    """Let a call into the step in which it is to be killed."""
    assert held.phone
    held.gates.open()
    match held.station:
        case "playing":
            held.phone.wait_heard(SOUND)
        case "asking":
            eventually(lambda: held.asked, what="the request")
        case "prompting":
            held.phone.wait_heard(QUESTION)
        case "talking":
            held.phone.wait_heard(OTHER_PARTY, within=AGAIN)


def finish(held: Held, *, by_terminator: bool) -> dict[str, Any]:
    """Do the rest of the party's part; the script's last variables."""
    assert held.phone
    if not held.is_past("prompting"):
        held.gates.wait("asked")
        held.phone.press("5")
    if not held.is_past("talking"):
        held.bob.wait_call(within=AGAIN)
        held.phone.wait_heard(OTHER_PARTY, within=AGAIN)
        held.bob.calls()[0].hang_up()
    variables = held.gates.wait("end")
    if by_terminator:
        held.phone.press("#")
    held.inbox.wait_ended("timed", within=AGAIN)
    held.phone.hang_up()
    return variables


@pytest.mark.timeout(150)
def test_killed_at_every_step_of_a_document_with_two_recordings(world: World) -> None:
    adapter = world.start_adapter(
        {
            "swml": documents_by_number(world.receiver),
            "documents": {"read_timeout": AGAIN, "total_timeout": AGAIN},
        }
    )
    calls = [begin(world, adapter, station) for station in STATIONS]
    for held in calls:
        go_on(held)
    # The sound last: it does not last long.
    for held in sorted(calls, key=lambda held: held.station == "playing"):
        if held.station in WITHIN:
            begin_step(held)
    adapter.kill()
    for held in calls:
        held.gates.open()
    adapter.start()
    back_at = time.time()
    for number, held in enumerate(calls):
        by_terminator = bool(number % 2)
        variables = finish(held, by_terminator=by_terminator)
        assert_goes_on(held, variables)
        assert_recordings(world, held, back_at=back_at, by_terminator=by_terminator)
    taken_up = [e for e in world.log_events(adapter) if e["event"] == "call taken up again"]
    assert len(taken_up) == len(calls), "the kill met every call"


def assert_goes_on(held: Held, variables: dict[str, Any]) -> None:
    """The script ended as if nothing had been: each step was done, none twice."""
    assert held.phone
    at = held.station
    assert variables["who"] == variables["request_response"]["ticket"], at
    assert variables["prompt_value"] == "5", at
    assert variables["connect_result"] == "connected", at
    assert variables["stop_record_call_result"] == "success", at
    first = held.gates.seen["timed"][0]
    assert variables["record_call_url"] == first["record_call_url"], at
    assert len(held.asked) == (2 if at == "asking" else 1), f"{at}: a request is sent once"
    assert len(held.bob.calls()) == 1, f"{at}: nobody is called twice"
    heard = held.phone.hear().seconds_of(SOUND)
    most = 2 * SOUND_SECONDS if at == "playing" else SOUND_SECONDS + 0.1
    assert ONCE < heard < most, f"{at}: heard for {heard} s"


def assert_recordings(world: World, held: Held, *, back_at: float, by_terminator: bool) -> None:
    """Uninterrupted, of the right length, told in order, each state with one key."""
    at, inbox = held.station, held.inbox
    for name in ("whole", "timed"):
        assert inbox.states(name) == ["recording", "finished"], f"{at}: {name}"
    assert len(inbox.callbacks) == 4, at
    whole, timed = (inbox.wait_ended(name) for name in ("whole", "timed"))
    # A call that is bridged comes back when the bridge ends.
    away = math.inf if at == "talking" else back_at - timed["start_time"]
    audio = world.listen_to(whole)
    assert audio.seconds > lasted(whole) - BUSY, at
    assert audio.seconds_of(VOICE, channel=0) > audio.seconds - 0.3, f"{at}: a gap"
    assert audio.seconds_of(SOUND, channel=1) > ONCE, at
    seconds = world.listen_to(timed).seconds
    if not by_terminator:
        assert seconds > TIMED_SECONDS - BUSY, at
    # Where nobody is back in time, the switch's own limit ends it, two seconds later.
    assert seconds < max(TIMED_SECONDS, min(away, TIMED_SECONDS + 2)) + BUSY, at


def lasted(params: dict[str, Any]) -> float:
    """Seconds from a recording's start to its end, by the adapters' clock."""
    return float(params["end_time"] - params["start_time"])
