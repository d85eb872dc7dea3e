"""The adapter of a soak, in processes of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from plan import Plan

MEGABYTE = 1e6
STOP_SECONDS = 90.0


class Subject:
    """`swml-adapter serve --workers N`, as it is looked at and ill-treated."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def workers(self) -> dict[int, int]:
        """The process of each worker by its number."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        found = {}
        for pid in map(int, children):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"--worker" in words:
                found[int(words[words.index(b"--worker") + 1])] = pid
        return found

    def kill_worker(self, number: int) -> bool:
        """End a worker as a crash does; False when it is just being replaced."""
        pid = self.workers().get(number)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return pid is not None

    def memory_mb(self, number: int) -> float | None:
        """What a worker holds in memory; None when it is just being replaced."""
        pid = self.workers().get(number)
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except FileNotFoundError:
            return None
        return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


@contextmanager
def running(
    plan: Plan, folder: Path, *, port: int, steps: list[Any], settings: Mapping[str, Any]
) -> Iterator[Subject]:
    """An adapter on a port, with one document for every call."""
    document = folder / "soak.yaml"
    document.write_text(yaml.safe_dump({"sections": {"main": steps}}))
    config = folder / "settings.yaml"
    config.write_text(yaml.safe_dump(_settings(plan, folder, port, document) | dict(settings)))
    command = [sys.executable, "-m", "adapter", "serve", "--config", str(config)]
    with (folder / "adapter.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--workers", str(plan.workers)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        ready = process.stdout.readline() if process.stdout else ""
        assert ready.startswith("ready"), (folder / "adapter.log").read_text()
        yield Subject(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def _settings(plan: Plan, folder: Path, port: int, document: Path) -> dict[str, Any]:
    return {
        "listen": f"127.0.0.1:{port}",
        "http": "127.0.0.1:0",
        "swml": str(document),
        "data_dir": str(folder / "data"),
        "recordings_dir": str(folder / "recordings"),
        "limits": {"calls": plan.calls * 2},
        "callbacks": {"first_retry": 0.5, "factor": 2, "max_retry": 5},
        "log": {"level": "warning"},
    }


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
