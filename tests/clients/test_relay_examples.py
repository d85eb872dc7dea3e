"""The SDK's own RELAY examples, unmodified: as their readers start them, by a host name alone."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import signalwire
from bench import CALLER, DEADLINE, Secure, environment
from worlds.adapter_process import AdapterProcess
from worlds.sounds import tone
from worlds.waiting import eventually
from worlds.world import World

EXAMPLES = Path(signalwire.__file__).parent / "_docs" / "relay" / "examples"
AGENT, AGENT_HZ = "+19184238080", 500
"""Whom the example connects with."""


class Example:
    """One of them, while it runs."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(EXAMPLES / f"{name}.py")],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def wait_said(self, words: str) -> None:
        """Until it has printed this."""
        eventually(
            lambda: words in self.said or self.process.poll() is not None,
            within=DEADLINE,
            what=words,
        )
        assert words in self.said, self.said[-2000:]

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line


@pytest.fixture
def run(secure: AdapterProcess, authority: Secure) -> Iterator:
    """Starts one of them."""
    running: list[Example] = []

    def start(name: str, **more: str) -> Example:
        own = {"SIGNALWIRE_RELAY_CA_FILE": str(authority.ca), "SIGNALWIRE_LOG_LEVEL": "info"}
        running.append(Example(name, {**environment(secure), **own, **more}))
        return running[-1]

    yield start
    for example in running:
        example.process.kill()
        example.process.wait(DEADLINE)


def offer(world: World, secure: AdapterProcess):
    """A call for whoever receives the topic of the examples."""
    step = {"relay": {"topic": "default", "timeout": DEADLINE}}
    return world.call([step], says=tone(CALLER), adapter=secure)


def test_a_caller_is_welcomed(world: World, secure: AdapterProcess, run) -> None:
    example = run("relay_answer_and_welcome")
    phone = offer(world, secure)
    example.wait_said("Call ended")
    phone.wait_ended()
    assert phone.answered
    assert phone.hear().seconds_audible() > 0.3


def test_a_caller_chooses_and_is_connected(world: World, secure: AdapterProcess, run) -> None:
    agent = world.somebody(number=AGENT, says=tone(AGENT_HZ))
    example = run("relay_ivr_connect")
    phone = offer(world, secure)
    phone.wait_answered(within=DEADLINE)
    eventually(lambda: phone.hear().seconds_audible() > 0.3, what="the greeting")
    phone.press("0")
    called = agent.wait_call(within=DEADLINE)
    phone.wait_heard(AGENT_HZ)
    called.wait_heard(CALLER)
    phone.hang_up()
    example.wait_said("Connected call ended")
    called.wait_ended()


def test_somebody_is_called_and_played_to(world: World, secure: AdapterProcess, run) -> None:
    number = f"+1558{world.new_number('n')[2:]:0>7}"
    bob = world.somebody(number=number, rings=0.3)
    example = run("relay_dial_and_play", RELAY_TO_NUMBER=number)
    phone = bob.wait_call(within=DEADLINE)
    example.wait_said("Playback finished")
    phone.wait_ended()
    assert phone.hear().seconds_audible() > 0.3
