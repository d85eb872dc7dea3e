"""Processes under measurement."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024


@dataclass
class Server:
    """A process under measurement and where it takes calls."""

    process: subprocess.Popen[str]
    address: str
    web: tuple[str, int] = ("", 0)
    calls: int = 0
    """How many it has had."""

    def cpu_seconds(self) -> float:
        """User and system time so far, of all threads and of every process that it started."""
        return sum(_cpu_seconds(pid) for pid in _family(self.process.pid))

    def gauge(self, name: str) -> float:
        """A number of its /metrics."""
        with urlopen("http://{}:{}/metrics".format(*self.web)) as answer:
            lines = answer.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def open_files(self) -> int:
        """How many, connections among them."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def resident_kb(self) -> float:
        """Resident memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * PAGE_KB


def _family(pid: int) -> Iterator[int]:
    """A process and all that it started, and they."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # the thread has ended meanwhile
            for child in (task / "children").read_text().split():
                yield from _family(int(child))


def _cpu_seconds(pid: int) -> float:
    """With what its children had used that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / TICKS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int, web: tuple[str, int] = ("", 0)) -> Iterator[Server]:
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready"):
            sys.exit(f"did not start: {' '.join(command)}")
        yield Server(process, f"127.0.0.1:{port}", web)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def adapter(
    folder: Path, document: str, settings: Mapping[str, Any] | None = None
) -> AbstractContextManager[Server]:
    port, web = free_port(), ("127.0.0.1", free_port())
    path = folder / f"{port}.yaml"
    path.write_text(document)
    config = folder / f"{port}.settings.yaml"
    config.write_text(json.dumps(dict(settings or {})))
    command = [sys.executable, "-m", "adapter", "serve", "--listen", f"127.0.0.1:{port}"]
    command += ["--http", "{}:{}".format(*web), "--swml", str(path)]
    command += ["--config", str(config), "--data-dir", str(folder / str(port))]
    os.environ["SWML_LOG__LEVEL"] = "warning"
    os.environ["SWML_LIMITS__CALLS"] = "100000"
    return running(command, port, web)
