import contextlib
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from worlds.ports import find_ports

from adapter.rendering import render_freeswitch_conf

DEADLINE = 30  # seconds for anything that the switch should do
BINARIES = (
    os.environ.get("SWML_TEST_FREESWITCH"),
    shutil.which("freeswitch"),
    "/usr/local/freeswitch/bin/freeswitch",
)
ROUNDS = 3
MEDIA_PORTS = 20


class Listener:
    """A port where the switch's `socket` application connects to, and nothing more."""

    def __init__(self):
        self._reserved = self._bound(0)  # keeps the port while nobody listens there
        self.port = self._reserved.getsockname()[1]

    def _bound(self, port):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(("127.0.0.1", port))
        made.settimeout(DEADLINE)
        return made

    @contextlib.contextmanager
    def listening(self):
        with self._bound(self.port) as self._socket:
            self._socket.listen()
            yield

    def take(self):
        """The next call: its connection and the headers that answer `connect`."""
        connection, _ = self._socket.accept()
        connection.settimeout(DEADLINE)
        connection.sendall(b"connect\n\n")
        return connection, read_headers(connection)

    def close(self):
        self._reserved.close()


def read_headers(connection):
    data = b""
    while not data.endswith(b"\n\n"):
        piece = connection.recv(1)
        assert piece, f"the switch closed the connection after {data!r}"
        data += piece
    return dict(line.split(": ", 1) for line in data.decode().strip().splitlines())


@dataclass
class Switch:
    """A running FreeSWITCH with its rendered configuration."""

    folder: Path
    options: dict
    adapters: list

    def api(self, command):
        """What an API command answers, through the event socket."""
        address = ("127.0.0.1", self.options["event_socket_port"])
        with socket.create_connection(address, DEADLINE) as connection:
            read_headers(connection)
            connection.sendall(f"auth {self.options['event_socket_password']}\n\n".encode())
            assert "+OK" in read_headers(connection)["Reply-Text"]
            connection.sendall(f"api {command}\n\n".encode())
            left = int(read_headers(connection)["Content-Length"])
            body = b""
            while len(body) < left and (piece := connection.recv(left - len(body))):
                body += piece
            return body.decode()

    @property
    def log(self):
        path = self.folder / "log" / "freeswitch.log"
        return path.read_text(errors="replace") if path.exists() else ""


def wait_until(condition, what):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, AssertionError):
            if condition():
                return
        time.sleep(0.02)
    pytest.fail(f"{what} did not happen within {DEADLINE} seconds")


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    binary = next((path for path in BINARIES if path and Path(path).exists()), None)
    if binary is None:
        pytest.skip("no FreeSWITCH here; install it, or name its binary in SWML_TEST_FREESWITCH")
    folder = tmp_path_factory.mktemp("switch")
    adapters = [Listener(), Listener()]
    sip_port, event_socket_port, *media = find_ports(2 + MEDIA_PORTS)
    options = render_freeswitch_conf(
        folder / "conf",
        adapters=[f"127.0.0.1:{adapter.port}" for adapter in adapters],
        path="sales",
        rounds=ROUNDS,
        pause_ms=100,
        sip_port=sip_port,
        rtp_start_port=media[0],
        rtp_end_port=media[-1],
        event_socket_port=event_socket_port,
        recordings_dir=str(folder),
        log_level="info",
    )
    running = Switch(folder, options, adapters)
    process = start_process(binary, folder)
    try:
        wait_until(lambda: "RUNNING" in running.api("sofia status"), "the start of the switch")
        yield running
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(DEADLINE)
        for adapter in adapters:
            adapter.close()


def start_process(binary, folder):
    arguments = [binary, "-nonat", "-nf", "-nc", "-conf", folder / "conf"]
    for name in ("log", "db", "run", "temp"):
        (folder / name).mkdir()
        arguments += [f"-{name}", folder / name]
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(arguments, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
