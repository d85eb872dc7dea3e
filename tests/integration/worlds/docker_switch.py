"""FreeSWITCH in Docker: for machines that have none of their own."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from worlds.real_switch import RealSwitch

COMPOSE_FILE = Path(__file__).with_name("compose.yaml")
LOOK_DEADLINE = 20.0


class DockerSwitch(RealSwitch):
    """A container of `compose.yaml`; pytest-docker starts and removes it."""

    def __init__(
        self, folder: Path, image: str, shared: Path, start_services: Callable[[], object]
    ) -> None:
        """`shared` is the folder of all tests' files: the container sees it as we do."""
        self._start_services = start_services
        self._variables = {
            "FREESWITCH_IMAGE": image,
            "FREESWITCH_USER": f"{os.getuid()}:{os.getgid()}",
            "FREESWITCH_FOLDER": str(folder),
            "TESTS_FOLDER": str(shared),
        }
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)

    def _start(self) -> None:
        os.environ.update(self._variables)
        self._start_services()

    def _stop(self) -> None:
        """The fixture `docker_services` removes the container."""

    def pid(self, slot: str) -> int:
        pytest.skip("a container's process cannot be frozen from here")


def docker_runs() -> bool:
    """Whether there is a Docker with compose, and it answers."""
    try:
        done = subprocess.run(
            ["docker", "compose", "ls"], capture_output=True, timeout=LOOK_DEADLINE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
