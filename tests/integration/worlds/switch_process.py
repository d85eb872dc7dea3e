"""A FreeSWITCH in a process of its own, with a folder and a configuration of its own."""

import contextlib
import subprocess
from pathlib import Path

from worlds.event_socket import EventSocket
from worlds.real_switch import FOLDERS, PASSWORD, START_DEADLINE, end_process, switch_command
from worlds.waiting import eventually


class SwitchProcess:
    """Made stopped: the subclass writes `conf` into the folder and then calls `start`."""

    def __init__(self, folder: Path, binary: Path, event_port: int) -> None:
        self._folder, self._binary, self._event_port = folder, binary, event_port
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self, profiles: int = 1) -> None:
        """Start it, again after `kill`; it is up when so many SIP profiles are."""
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                switch_command(self._binary, self._folder), stdout=output, stderr=output
            )
        self._socket = eventually(self._connected, within=START_DEADLINE, what="FreeSWITCH")
        eventually(
            lambda: self.api("sofia status").count("RUNNING") == profiles,
            within=START_DEADLINE,
            what="its SIP",
        )

    def api(self, command: str) -> str:
        return self._socket.api(command)

    def kill(self) -> None:
        """End it as a crash does."""
        end_process(self._process, at_once=True)
        self._socket.close()

    def stop(self) -> None:
        self._socket.close()
        end_process(self._process)

    def _connected(self) -> EventSocket | None:
        with contextlib.suppress(OSError):
            return EventSocket(self._event_port, PASSWORD)
        return None
