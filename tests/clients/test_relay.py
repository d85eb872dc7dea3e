"""RELAY: `signalwire-sdk`'s RelayClient and `@signalwire/realtime-api` take calls and do things."""

from collections.abc import Iterator
from typing import Any

import pytest
from bench import OFFICE, Relay, Secure, sdk_relay
from worlds.adapter_process import AdapterProcess
from worlds.sounds import tone
from worlds.world import World

Start = Any


@pytest.fixture
def relay(secure: AdapterProcess, authority: Secure) -> Iterator[Start]:
    """Starts clients; they end with the test."""
    running: list[Relay] = []

    def start(scenario: str, *topics: str, adapter: AdapterProcess = secure) -> Relay:
        running.append(sdk_relay(adapter, authority, scenario, *topics))
        running[-1].wait(did="login")
        return running[-1]

    yield start
    for client in running:
        client.kill()


def test_a_client_receives_answers_and_hangs_up(
    world: World, secure: AdapterProcess, relay: Start
) -> None:
    client = relay("greet", OFFICE)
    number = world.new_number(OFFICE)
    phone = world.call(to=number, says=tone(440), adapter=secure)
    received = client.wait(did="receive")
    assert received["state"] == "created"
    assert number in str(received["device"]["params"]["to"])
    client.wait(did="answer")
    client.tell("hang up")
    client.wait(did="all")
    phone.wait_ended()
    assert client.states("state", "call_state") == ["answered", "ending", "ended"]
