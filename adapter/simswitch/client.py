"""Drives a simulated switch from outside: over its event socket, or in a process of its own.

Plain blocking sockets: they work in a thread, in a greenlet, and in a program without either.
"""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Self

from adapter.simswitch import frames

READ_BYTES = 65536
STOP_SECONDS = 5.0
_LENGTH = re.compile(rb"^Content-Length: (\d+)", re.MULTILINE)


class SimError(RuntimeError):
    """The simulated switch refused; the message is its answer."""


class SimClient:
    """One authenticated connection to a simulated switch's inbound event socket."""

    def __init__(self, host: str, port: int, password: str, timeout: float = 60.0) -> None:
        self._sock = socket.create_connection((host, port), timeout=timeout)
        self._buffer = b""
        self._frame()
        head, _ = self.command(f"auth {password}")
        if b"+OK" not in head:
            raise SimError("the password is wrong")

    def close(self) -> None:
        self._sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def command(self, line: str) -> tuple[bytes, bytes]:
        """Sends a command; returns the head and body of its reply."""
        self._sock.sendall(frames.raw(line) + b"\n\n")
        while True:
            head, body = self._frame()
            if b"command/reply" in head or b"api/response" in head:
                return head, body

    def api(self, line: str) -> str:
        """An API command's answer."""
        return frames.text(self.command(f"api {line}")[1])

    def sim(self, word: str, *arguments: Any) -> Any:
        """One of the commands of `sim_api`; its answer as data. Raises SimError."""
        texts = [item if isinstance(item, str) else json.dumps(item) for item in arguments]
        answer = self.api(" ".join(["sim", word, *texts]))
        if answer.startswith("-"):
            raise SimError(answer.strip())
        return json.loads(answer)

    # --- what tests do

    def call(self, **plan: Any) -> str:
        """Places a call (CallPlan.from_data; `from_` for `from`); returns its uuid."""
        data = {name.rstrip("_"): value for name, value in plan.items()}
        return str(self.sim("call", data)["uuid"])

    def do(self, uuid: str, **step: Any) -> None:
        """The caller does one step now (Step.from_data)."""
        self.sim("do", uuid, step)

    def facts(self, uuid: str) -> dict[str, Any]:
        """What is known about a call, `heard` among it (Caller.facts)."""
        return dict(self.sim("facts", uuid))

    def wait(self, uuid: str, seconds: float = 30.0) -> dict[str, Any]:
        """Waits for a call's end; the answer's `ended` says whether it came."""
        return dict(self.sim("wait", uuid, str(seconds)))

    def hang_up(self, uuid: str, cause: str = "NORMAL_CLEARING") -> None:
        self.sim("hangup", uuid, cause)

    def press(self, uuid: str, digits: str) -> None:
        self.sim("digits", uuid, digits)

    def load(self, **plan: Any) -> dict[str, Any]:
        """Runs a load (LoadPlan) to its end."""
        return dict(self.sim("load", plan))

    def fill_disk(self, full: bool = True) -> None:
        """Recordings find no space from now on, or do again."""
        self.sim("disk", "full" if full else "free")

    def violations(self) -> list[list[str]]:
        """What the switch was made to run as code."""
        return list(self.sim("violations"))

    def spoken(self) -> list[list[str]]:
        """Every text of `speak`, with its call."""
        return list(self.sim("spoken"))

    def _frame(self) -> tuple[bytes, bytes]:
        while b"\n\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\n\n")
        found = _LENGTH.search(head)
        length = int(found.group(1)) if found else 0
        while len(self._buffer) < length:
            self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return head, body

    def _more(self) -> None:
        data = self._sock.recv(READ_BYTES)
        if not data:
            raise SimError("the simulated switch closed the connection")
        self._buffer += data


class SimProcess:
    """A simulated switch in a process of its own: `with SimProcess(adapter="…") as sim:`.

    It ends with the process that started it, however that ends.
    """

    def __init__(self, **options: Any) -> None:
        """`options` become command-line options: port, password, adapter, path, pace, …"""
        self._options = {name: str(value) for name, value in options.items() if value is not None}
        self._process: subprocess.Popen[str] | None = None
        self.ready: Mapping[str, Any] = {}

    def start(self) -> Self:
        command = [sys.executable, "-m", "adapter.simswitch"]
        for name, value in self._options.items():
            command += [f"--{name}", value]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [*command, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("ready "):
            raise SimError("the simulated switch did not start; its error stands above")
        self.ready = json.loads(line.removeprefix("ready "))
        return self

    def client(self, timeout: float = 60.0) -> SimClient:
        ready = self.ready
        return SimClient(ready["host"], ready["port"], ready["password"], timeout)

    @property
    def pid(self) -> int:
        return int(self.ready["pid"])

    def kill(self) -> None:
        """Ends the process at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._wait(self._process)

    def stop(self) -> None:
        """Ends it as SIGTERM does: calls are hung up, sockets closed."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._wait(self._process)
        except subprocess.TimeoutExpired:
            self.kill()

    @staticmethod
    def _wait(process: "subprocess.Popen[str]") -> None:
        process.wait(STOP_SECONDS)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
