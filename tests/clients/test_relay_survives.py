"""RELAY when something dies, nobody is there, or several processes share the work."""

import time
from typing import Any

import pytest
from bench import CALLER, OFFICE, Secure, Start, ring
from worlds.adapter_process import AdapterProcess
from worlds.sounds import tone
from worlds.steps import play
from worlds.waiting import eventually, remain
from worlds.world import World, document, project

FALLBACK, SOMEBODY = 700, 500
CALLS = 8


def adapter_for(
    world: World, authority: Secure, *arguments: str, **settings: Any
) -> AdapterProcess:
    """An adapter of the test's own, whose calls are all for the clients of one topic."""
    routes = [{"to": ".", "relay": OFFICE, **settings.pop("route", {})}]
    tls = {"tls_cert": str(authority.chain), "tls_key": str(authority.key)}
    given = {"routes": routes, "projects": [project()], **tls, **settings}
    return world.start_adapter(given, arguments=arguments)


def test_a_killed_adapter_finds_its_clients_again(
    world: World, authority: Secure, relay: Start
) -> None:
    """The recording goes on meanwhile, and the client that started it stops it."""
    adapter = adapter_for(world, authority)
    client = relay(adapter, "record")
    phone = ring(world, adapter)
    client.wait(did="record")
    remain(lambda: not phone.ended, during=0.5)
    adapter.kill()
    adapter.start()
    eventually(lambda: world.took_up(adapter), within=15, what="the call's resumption")
    eventually(lambda: len(logins(world, adapter)) == 2, within=20, what="the client's return")
    assert len(set(logins(world, adapter))) == 1
    for word in ("pause", "resume", "stop"):
        client.tell(word)
        client.wait(did=word)
    facts = client.wait(did="stop")["params"]
    client.wait(did="all")
    phone.wait_ended()
    audio = world.listen_to(facts)
    assert audio.seconds_with(CALLER) > 1
    assert client.states("record")[-3:] == ["paused", "recording", "finished"]
    assert client.states("state", "call_state")[-2:] == ["ending", "ended"]


def logins(world: World, adapter: AdapterProcess) -> list[str]:
    """By which protocol clients came, each time."""
    events = world.log_events(adapter)
    return [e["protocol"] for e in events if e["event"] == "relay client connected"]


def test_a_call_that_nobody_takes_goes_on_without(
    world: World, authority: Secure, start: Start
) -> None:
    """Passed on and ignored; and one whose client has died."""
    adapter = adapter_for(
        world,
        authority,
        relay={"timeout": 2.5, "turn": 0.5, "abandoned": 2},
        route={"fallback": world.receiver.serve(
            "/fallback", document([play(world.sound(tone(FALLBACK, seconds=0.5)))]).encode(),
            "application/yaml",
        )},
    )  # fmt: skip
    deaf, modest = (start(adapter, scenario) for scenario in ("ignore", "decline"))
    phone = ring(world, adapter)
    for client in (deaf, modest):
        client.wait(did="receive")
    phone.wait_heard(FALLBACK)
    phone.wait_ended()
    for client in (deaf, modest):
        client.kill()
    dying = start(adapter, "greet")
    phone = ring(world, adapter)
    dying.wait(did="answer")
    dying.kill()
    phone.wait_heard(FALLBACK, within=20)
    phone.wait_ended()


def test_a_call_for_nobody_ends_with_a_cause(world: World, authority: Secure) -> None:
    adapter = adapter_for(world, authority, relay={"timeout": 0.5})
    phone = ring(world, adapter)
    phone.wait_ended()
    assert phone.sip_status == 503


@pytest.mark.parametrize("stage", ["sim"], indirect=True)
def test_any_worker_has_the_client_of_any_call(
    world: World, authority: Secure, start: Start
) -> None:
    adapter = adapter_for(world, authority, "--workers", "2")
    client = start(adapter, "quick")
    began = time.monotonic()
    phones = [ring(world, adapter) for _ in range(CALLS)]
    for phone in phones:
        phone.wait_ended()
    eventually(lambda: client.count(did="all") == CALLS, what="all calls to end")
    assert time.monotonic() - began < 30
    for received in [one for one in client.said if one.get("did") == "receive"]:
        states = [
            one["call_state"]
            for one in client.said
            if one.get("call_id") == received["call_id"] and "call_state" in one
        ]
        # That it rings comes with the offer, perhaps before the client has begun to listen.
        assert [state for state in states if state != "ringing"] == ["answered", "ending", "ended"]
        assert "ringing" not in states[1:]


def test_a_bridge_outlives_the_adapter(world: World, authority: Secure, start: Start) -> None:
    """The parties talk on, and the client is told when they part."""
    adapter = adapter_for(world, authority)
    somebody = world.somebody(says=tone(SOMEBODY))
    client = start(adapter, "connect", to=somebody.uri)
    phone = ring(world, adapter)
    called = somebody.wait_call()
    client.wait(did="connect")
    adapter.kill()
    heard = called.hear().seconds_of(CALLER)
    called.wait_heard(CALLER, seconds=heard + 0.5)
    adapter.start()
    called.hang_up()
    client.wait(did="disconnected")
    client.wait(did="all")
    phone.wait_ended()


@pytest.mark.parametrize("stage", ["sim"], indirect=True)
def test_a_conference_outlives_the_adapter_twice(
    world: World, authority: Secure, start: Start
) -> None:
    """They talk on; when one has gone, the other is its client's again, and outlives a crash."""
    adapter = adapter_for(world, authority)
    client = start(adapter, "meet", name=world.new_number("meet"))
    phone = ring(world, adapter)
    client.wait(did="join")
    other = world.call(to=world.new_number(OFFICE), says=tone(SOMEBODY), adapter=adapter)
    phone.wait_heard(SOMEBODY, seconds=0.2)
    adapter.kill()
    heard = other.hear().seconds_of(CALLER)
    other.wait_heard(CALLER, seconds=heard + 0.5)
    adapter.start()
    other.hang_up()
    eventually(lambda: resumptions(world, adapter) == 1, within=15, what="the call")
    adapter.kill()
    adapter.start()
    eventually(lambda: resumptions(world, adapter) == 2, within=15, what="the call again")
    remain(lambda: not phone.ended, during=0.3, what="the call")
    phone.hang_up()
    client.wait(did="all")


def resumptions(world: World, adapter: AdapterProcess) -> int:
    return sum(event["event"] == "call taken up again" for event in world.log_events(adapter))


@pytest.mark.parametrize("stage", ["sim"], indirect=True)
def test_one_worker_after_the_other_dies(world: World, authority: Secure, start: Start) -> None:
    """Whichever has the call, and whichever has the client: both come back."""
    adapter = adapter_for(world, authority, "--workers", "2")
    client = start(adapter, "insist")
    phone = ring(world, adapter)
    client.wait(did="answer")
    for _ in range(2):
        replace_worker(adapter)
        remain(lambda: not phone.ended, during=1.5)
    client.tell("hang up")
    phone.wait_ended()
    client.wait(did="all")
    assert client.states("state", "call_state")[-1] == "ended"


def replace_worker(adapter: AdapterProcess) -> None:
    """Kill the oldest worker, and wait for the one that takes its place."""
    before = set(adapter.worker_pids())
    adapter.kill_worker()
    eventually(
        lambda: len(set(adapter.worker_pids()) - before) == 1, within=15, what="a new worker"
    )
