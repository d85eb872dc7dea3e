"""`swml-adapter demo`: one recorded call, from the first ring to the file, shown as it happens.

The adapter is the real one. The switch is the simulated one, or with `--real` a FreeSWITCH of this
machine, started for this one call with a configuration of ours on loopback.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import gevent
import typer
from gevent.pywsgi import WSGIServer
from rich.console import Console

from adapter.cli.demo_file import Channel, listen_to
from adapter.cli.demo_story import tell_logs_to
from adapter.cli.demo_switch import Switch, simulated, started_freeswitch
from adapter.config import Settings
from adapter.service import Service

DOCUMENT = """\
# Record both sides and play back
version: 1.0.0
sections:
  main:
    - record_call:
        beep: true
        stereo: true
        terminators: '#'
        status_url: {status_url}
    - play:
        urls:
          - 'say:Leave your message now'
          - 'silence:2'
    - stop_record_call: {{}}
    - play:
        urls:
          - 'say:Playing back'
          - '${{record_call_url}}'
"""

DEADLINE = 60.0
"""Seconds for the whole call; it takes about ten."""

AUDIBLE = -50.0
"""Level in dBFS above which a channel holds sound."""


def demo(
    real: Annotated[bool, typer.Option(help="On a FreeSWITCH of this machine.")] = False,
) -> None:
    """Run one recorded call and show what happens; exit 0 only if all of it did."""
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="swml-demo-")))
        callbacks = stack.enter_context(_receiver(console))
        service = stack.enter_context(_adapter(folder, callbacks.url))
        logged = tell_logs_to(console)
        port = service.settings.listen.port
        switch = stack.enter_context(started_freeswitch(folder, port) if real else simulated(port))
        console.print(f"[bold]switch[/]     {switch.name}")
        console.print(f"[bold]adapter[/]    calls on {service.settings.listen}")
        missing = _run(console, service, switch, callbacks)
        if "script finished" not in logged:
            missing.append("the script's last step")
    for problem in missing:
        console.print(f"[bold red]missing[/]    {problem}")
    raise typer.Exit(1 if missing else 0)


@dataclass
class Callbacks:
    """What the demo's own receiver was sent."""

    url: str
    states: list[str] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)


def _run(console: Console, service: Service, switch: Switch, callbacks: Callbacks) -> list[str]:
    """Place the call and wait for its end; returns what did not happen."""
    switch.call()
    with gevent.Timeout(DEADLINE, False):
        while "finished" not in callbacks.states or switch.busy():
            gevent.sleep(0.05)
    missing = [f"callback {state}" for state in ("recording", "finished")]
    missing = [text for text in missing if text.removeprefix("callback ") not in callbacks.states]
    if missing:
        return missing
    return _show_file(console, service, callbacks.record)


def _show_file(console: Console, service: Service, record: dict[str, Any]) -> list[str]:
    row = service.store.recording(record["recording_id"])
    if row is None:
        return ["the recording's row"]
    path = service.settings.recordings_dir / row.path
    sides = ("what the party said", "what it heard")
    channels = listen_to(path)
    size = path.stat().st_size
    console.print(f"[bold green]file[/]       {size} bytes, {record['duration']:.2f} s, stereo")
    for name, side, channel in zip(("left", "right"), sides, channels, strict=True):
        console.print(f"           {name:5} {side:20} {_bar(channel)} {channel.level:6.1f} dBFS")
    problems = [
        f"sound on the {name} channel"
        for name, channel in zip(("left", "right"), channels, strict=True)
        if channel.level < AUDIBLE
    ]
    return problems if size == record["size"] else [*problems, "the size that was called back"]


def _bar(channel: Channel) -> str:
    """The channel's level over time, a block for each part of the file."""
    blocks = " ▁▂▃▄▅▆▇█"
    heights = (max(0.0, min(1.0, (level + 60) / 60)) for level in channel.parts)
    return "".join(blocks[round(height * (len(blocks) - 1))] for height in heights)


@contextmanager
def _receiver(console: Console) -> Iterator[Callbacks]:
    """An HTTP server that takes the status callbacks."""

    def take(environ: dict[str, Any], start: Any) -> list[bytes]:
        params = json.loads(environ["wsgi.input"].read())["params"]
        callbacks.states.append(params["state"])
        if params["state"] == "finished":
            callbacks.record = params
        console.print(f"[bold magenta]callback[/]   record_call {params['state']}")
        start("204 No Content", [])
        return [b""]

    server = WSGIServer(("127.0.0.1", 0), take, log=None)
    server.start()
    callbacks = Callbacks(f"http://127.0.0.1:{server.server_port}/status")
    try:
        yield callbacks
    finally:
        server.stop(1)


@contextmanager
def _adapter(folder: Path, status_url: str) -> Iterator[Service]:
    document = folder / "record_and_play_back.yaml"
    document.write_text(DOCUMENT.format(status_url=status_url))
    settings = Settings.load(
        None,
        {
            "listen": "127.0.0.1:0",
            "http": "127.0.0.1:0",
            "swml": str(document),
            "data_dir": str(folder / "data"),
            "deadlines.drain": 2,
        },
        environ={},
    )
    service = Service(settings)
    service.start()
    try:
        yield service
    finally:
        service.stop()
