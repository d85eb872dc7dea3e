"""FreeSWITCH itself dies while it records: what it left is repaired and told, or declared failed.

A switch of this test's own, since it is killed; simulated and, where there is one, real.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml
from worlds.adapter_process import AdapterProcess
from worlds.audio import Audio
from worlds.own_switch import OwnSwitch
from worlds.ports import find_ports
from worlds.real_switch import find_binary
from worlds.receiver import Inbox, Receiver
from worlds.stages import NO_REAL_SWITCH
from worlds.steps import SETTLED, STAY, record
from worlds.waiting import eventually
from worlds.world import document, http_get

from adapter.simswitch.client import SimProcess

WRITTEN = 60_000
"""Bytes of a file of which some are on the disk: the switch writes 64 kB at a time."""

BACK_WITHIN = 60.0
"""Seconds for a switch to start again, for its adapter to hear of it, and to look twice."""


class Killable(Protocol):
    """A switch that can be killed and started again."""

    adapter_port: int
    node: dict[str, Any]

    def start(self) -> object: ...

    def call(self, number: str) -> None: ...

    def kill(self) -> None: ...

    def stop(self) -> None: ...


class OwnSimulated:
    """The simulated one, on the same port each time."""

    def __init__(self, folder: Path) -> None:
        port, self.adapter_port = find_ports(2)
        folder.mkdir()
        config = folder / "simswitch.yaml"
        config.write_text(yaml.safe_dump({"hostname": "own", "port": port}))
        self._process = SimProcess(adapter=f"127.0.0.1:{self.adapter_port}", config=config)
        self.start()
        self.node = {"host": "127.0.0.1", "port": port, "password": "ClueCon"}

    def start(self) -> OwnSimulated:
        self._process.start()
        self._client = self._process.client()
        return self

    def call(self, number: str) -> None:
        self._client.call(to=number, steps=[{"at": 0, "tone": [440]}])

    def kill(self) -> None:
        self._client.close()
        self._process.kill()

    def stop(self) -> None:
        self._client.close()
        self._process.stop()


@pytest.fixture(params=["sim", pytest.param("real", marks=pytest.mark.real)])
def switch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Killable]:
    made: Killable
    if request.param == "sim":
        made = OwnSimulated(tmp_path / "switch")
    elif binary := find_binary():
        made = OwnSwitch(tmp_path / "switch", binary)
    else:
        pytest.skip(NO_REAL_SWITCH)
    yield made
    made.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver().start()
    yield made
    made.stop()


def an_adapter(folder: Path, switch: Killable, receiver: Receiver, inbox: Inbox) -> AdapterProcess:
    steps = [*SETTLED, record(inbox, "long", stereo=True), record(inbox, "other"), STAY]
    url = receiver.serve("/document", document(steps).encode(), "application/yaml")
    settings = {"swml": url, "nodes": [switch.node]}
    return AdapterProcess(folder / "adapter", switch.adapter_port, settings)


def metric(adapter: AdapterProcess, name: str) -> float:
    lines = http_get(f"{adapter.url}/metrics").body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


@pytest.mark.timeout(240)
@pytest.mark.parametrize("dies", ["switch", "both"])
def test_a_switch_that_dies_leaves_no_recording_open(
    switch: Killable, receiver: Receiver, tmp_path: Path, dies: str
) -> None:
    inbox = receiver.inbox()
    adapter = an_adapter(tmp_path, switch, receiver, inbox)
    try:
        adapter.start()
        switch.call("1000")
        inbox.wait_for("recording", control_id="other", within=20)
        (long,) = (path for path in adapter.recordings.glob("*.wav") if grows(path))
        if dies == "both":
            adapter.kill()
        switch.kill()
        assert inbox.states("long") == ["recording"], "nothing is told while it is not known"
        switch.start()
        if dies == "both":
            adapter.start()
        ended = inbox.wait_ended("long", within=BACK_WITHIN)
        assert_repaired(ended, long)
        other = inbox.wait_ended("other", within=BACK_WITHIN)
        assert_finished_or_failed(other)
        for name in ("long", "other"):
            assert len(inbox.states(name)) == 2, name
        assert metric(adapter, "swml_recordings_active") == 0
        told = metric(adapter, 'swml_recordings_total{state="finished"}')
        assert told + metric(adapter, 'swml_recordings_total{state="error"}') == 2
    finally:
        adapter.stop()


def grows(path: Path) -> bool:
    """Whether this is the stereo one, once its first sound is on the disk."""
    return bool(eventually(lambda: path.stat().st_size >= WRITTEN, within=20)) and stereo(path)


def stereo(path: Path) -> bool:
    return path.read_bytes()[22:24] == b"\2\0"


def assert_repaired(params: dict[str, Any], path: Path) -> None:
    """What was written is there, and the header says so."""
    assert params["state"] == "finished"
    assert params["record"]["truncated"] is True
    body = http_get(params["record"]["url"]).body
    assert body == path.read_bytes()
    audio = Audio.from_wav(body)
    assert audio.channels == 2
    assert audio.seconds == pytest.approx(params["duration"], abs=0.001)
    assert audio.seconds > 1.5
    assert audio.rms(channel=0) > 1, "what the party said, on a real switch faint noise"


def assert_finished_or_failed(params: dict[str, Any]) -> None:
    """Its last seconds may never have been written."""
    if params["state"] == "finished":
        assert params["record"]["truncated"] is True
        Audio.from_wav(http_get(params["record"]["url"]).body)
    else:
        assert params["error"]["code"] == "file_missing"
