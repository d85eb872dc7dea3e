"""An adapter in a process of its own, as a user starts it: settings in a file, a log to read."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

import adapter
from worlds.ports import find_ports
from worlds.waiting import eventually

ROOT = Path(adapter.__file__).parents[1]
START_DEADLINE = 60.0
STOP_DEADLINE = 15.0
_READY = re.compile(r"^ready: calls on \S+, recordings on (\S+)$", re.MULTILINE)
_OWN_VARIABLES = "SWML_"


class AdapterProcess:
    """`python -m adapter serve`, listening for calls on a given port."""

    def __init__(
        self,
        folder: Path,
        port: int,
        settings: Mapping[str, Any],
        *,
        arguments: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.port = port
        self.url = ""
        self._settings = _complete(folder, port, settings)
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "adapter.log"

    def start(self) -> "AdapterProcess":
        """Start it and wait until it takes calls."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "settings.yaml"
        config.write_text(yaml.safe_dump(self._settings))
        command = [sys.executable, "-m", "adapter", "serve", "--config", str(config)]
        before = len(self.log())
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._arguments], stdout=log, stderr=log, env=_environment(), cwd=ROOT
            )
        ready = eventually(
            lambda: _READY.search(self.log()[before:]) or self._died(),
            within=START_DEADLINE,
            what="the adapter's ready line",
        )
        assert isinstance(ready, re.Match), f"the adapter ended: {self.log()}"
        self.url = str(ready[1])
        return self

    @property
    def recordings(self) -> Path:
        return Path(self._settings["recordings_dir"])

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def terminate(self) -> None:
        """Tell it to stop; it may take its time."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)

    def reload(self) -> None:
        """Have it read its certificate again."""
        assert self._process
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """End it as a crash does."""
        assert self._process
        self._process.kill()
        self._process.wait(STOP_DEADLINE)

    def worker_pids(self) -> list[int]:
        """Its worker processes."""
        assert self._process
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_worker(self) -> None:
        """End one of its worker processes as a crash does."""
        os.kill(self.worker_pids()[0], signal.SIGKILL)

    def wait(self, within: float = STOP_DEADLINE) -> int:
        """Its exit code, once it has ended."""
        assert self._process
        return self._process.wait(within)

    def stop(self) -> None:
        """End it, by force if it does not listen."""
        if not self.running:
            return
        self.terminate()
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def log_events(self, start: int = 0) -> list[dict[str, Any]]:
        """The log's lines as data, from a position in its text on."""
        lines = self.log()[start:].splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def _died(self) -> bool:
        return not self.running


def _complete(folder: Path, port: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a test, with what all of them need."""
    return {
        "listen": f"127.0.0.1:{port}",
        "http": f"127.0.0.1:{find_ports(1)[0]}",  # the same after a restart: links stay good
        "data_dir": str(folder / "data"),
        "recordings_dir": str(folder / "recordings"),
        "callbacks": {"first_retry": 0.1, "factor": 1.5, "max_retry": 0.5},
        "deadlines": {"drain": 4},
        "log": {"level": "debug"},
        **settings,
    }


def _environment() -> dict[str, str]:
    """Ours, and a path to what tests plug into the adapter."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)
    }
    places = [str(ROOT / "tests" / "integration"), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(places)}
