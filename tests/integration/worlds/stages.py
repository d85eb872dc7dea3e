"""One set of tests, two switches: the simulated one always, a real one where there is one.

A real one is a FreeSWITCH of this machine ($FREESWITCH_BIN, PATH, /usr/local/freeswitch/bin,
/opt/freeswitch/bin, /usr/bin), else one in Docker (the setting `freeswitch_image`).
"""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from adapter.config import Settings
from worlds.adapter_process import AdapterProcess
from worlds.docker_switch import COMPOSE_FILE, DockerSwitch, docker_runs
from worlds.real_switch import LocalSwitch, RealSwitch, find_binary
from worlds.receiver import Receiver
from worlds.sim_switch import SimSwitches
from worlds.switches import FRONT_DESK, GATEWAY, MAIN, Switch
from worlds.world import Stage, World, documents_by_number, project

NO_REAL_SWITCH = "no FreeSWITCH: none in FREESWITCH_BIN, PATH or the usual folders, and no Docker"


@pytest.fixture(params=["sim", pytest.param("real", marks=pytest.mark.real)])
def stage(request: pytest.FixtureRequest) -> Stage:
    """The simulated switch and the real one, each with its adapter and its web."""
    found: Stage = request.getfixturevalue(f"{request.param}_stage")
    return found


@pytest.fixture
def world(stage: Stage, tmp_path: Path) -> Iterator[World]:
    """A test's own world on either stage; nothing of the test may remain in it."""
    made = World(stage, tmp_path)
    yield made
    made.leave()


@pytest.fixture(scope="session")
def sim_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("sim")
    switch = SimSwitches(folder / "switch")
    yield from _play_on(switch, folder)
    switch.stop()


@pytest.fixture(scope="session")
def real_stage(real_switch: RealSwitch) -> Iterator[Stage]:
    yield from _play_on(real_switch, real_switch.folder.parent)


@pytest.fixture(scope="session")
def real_switch(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSwitch]:
    folder = tmp_path_factory.mktemp("real")
    binary = find_binary()
    if binary:
        switch: RealSwitch = LocalSwitch(folder / "switch", binary)
    elif docker_runs():
        switch = DockerSwitch(
            folder / "switch",
            Settings.load(None).freeswitch_image,
            tmp_path_factory.getbasetemp(),
            lambda: request.getfixturevalue("docker_services"),
        )
    else:
        pytest.skip(NO_REAL_SWITCH)
    yield switch
    switch.stop()


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    """Where pytest-docker finds the switch."""
    return str(COMPOSE_FILE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tests skipped for want of a switch share one line of the summary."""
    report = yield
    if report.skipped and NO_REAL_SWITCH in str(report.longrepr):
        report.longrepr = (__file__, 1, f"Skipped: {NO_REAL_SWITCH}")
    return report


def _play_on(switch: Switch, folder: Path) -> Iterator[Stage]:
    receiver = Receiver().start()
    settings = {
        "swml": documents_by_number(receiver),
        "projects": [project()],
        "gateway": GATEWAY,
        "resources": [{"address": "/public/front-desk", "to": FRONT_DESK}],
        "nodes": [switch.sockets[MAIN].node],
    }
    adapter = AdapterProcess(folder / "adapter", switch.adapter_ports[MAIN], settings).start()
    yield Stage(switch, adapter, receiver, folder)
    adapter.kill()  # nothing of it is looked at any more
    receiver.stop()
