"""The switches that a demo can run on."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gevent
import typer

from adapter.freeswitch import commands
from adapter.freeswitch.binary import find_freeswitch, module_folder
from adapter.freeswitch.connection import InboundConnection
from adapter.freeswitch.errors import SwitchError
from adapter.rendering import render_freeswitch_conf
from adapter.simswitch import CallPlan, SimSwitch, SwitchSettings, adapter_dialplan

START_DEADLINE = 30.0
"""Seconds for a FreeSWITCH to take event socket connections; it needs about five."""

STOP_DEADLINE = 15.0
"""Seconds for it to end after `shutdown`; it needs six to nine."""

SPEAKER = "tone_stream://%(30000,0,300)"
"""What the caller says: a tone, longer than the demo."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch that places one call to the adapter."""

    name: str
    call: Callable[[], object]
    busy: Callable[[], bool]
    """Whether the call is still up."""


@contextmanager
def simulated(adapter_port: int) -> Iterator[Switch]:
    """The simulated switch, in this process."""
    settings = SwitchSettings(dialplan=adapter_dialplan(f"127.0.0.1:{adapter_port}"))
    plan = CallPlan.from_data({"from": "+15550100", "to": "+15550199", "says": {"speech": True}})
    with SimSwitch(settings) as switch:
        yield Switch(
            name="simulated (no FreeSWITCH needed)",
            call=lambda: switch.call(plan),
            busy=lambda: bool(switch.sessions()),
        )


@contextmanager
def started_freeswitch(folder: Path, adapter_port: int) -> Iterator[Switch]:
    """A FreeSWITCH of this machine, on loopback ports of its own."""
    binary = find_freeswitch()
    if binary is None:
        typer.echo("no FreeSWITCH was found: name it in FREESWITCH_BIN", err=True)
        raise typer.Exit(2)
    event_port, sip_port = _free_port(), _free_port()
    chosen = render_freeswitch_conf(
        folder / "conf",
        adapters=[f"127.0.0.1:{adapter_port}"],
        event_socket_port=event_port,
        sip_port=sip_port,
        recordings_dir=str(folder / "data/recordings"),
        modules_dir=module_folder(binary),
    )
    process = _start(binary, folder)
    try:
        connection = _connected(event_port, chosen["event_socket_password"])
        version = connection.checked(commands.api("version", "short")).strip()
        yield Switch(
            name=f"FreeSWITCH {version} ({binary})",
            call=lambda: _place_call(connection, sip_port),
            busy=lambda: "0 total" not in connection.checked(commands.api("show", "channels")),
        )
        connection.command(commands.api("shutdown"))
        connection.stop()
    finally:
        _end(process)


def _place_call(connection: InboundConnection, sip_port: int) -> None:
    """The switch calls itself over SIP: one end is the caller, the other comes to the adapter."""
    options = "{origination_caller_id_number=+15550100,absolute_codec_string=PCMU}"
    target = f"{options}sofia/internal/+15550199@127.0.0.1:{sip_port}"
    connection.checked(commands.api("originate", target, f"&playback({SPEAKER})"))


def _start(binary: Path, folder: Path) -> subprocess.Popen[bytes]:
    places = {name: folder / name for name in ("log", "db", "run", "scripts", "temp", "storage")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    options = [text for name, place in places.items() for text in (f"-{name}", str(place))]
    options += ["-conf", str(folder / "conf"), "-mod", str(module_folder(binary))]
    options += ["-recordings", str(folder), "-cache", str(folder)]
    return subprocess.Popen(  # noqa: S603  # the program that the user named
        [str(binary), "-nf", "-nc", "-nonat", "-nort", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _connected(port: int, password: str) -> InboundConnection:
    with gevent.Timeout(START_DEADLINE, TimeoutError("FreeSWITCH did not start: see its log")):
        while True:
            try:
                return InboundConnection("127.0.0.1", port, password, on_event=lambda _: None)
            except SwitchError:
                gevent.sleep(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
