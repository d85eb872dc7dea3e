"""`python -m adapter.simswitch`: a simulated switch of its own; prints `ready {json}`."""

import argparse
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import gevent
import structlog
from gevent.event import Event as Signal
from gevent.os import tp_read

from adapter.simswitch.settings import (
    SettingsFault,
    SwitchSettings,
    adapter_dialplan,
    load_settings,
)
from adapter.simswitch.sim_switch import SimSwitch

GC_THRESHOLDS = (20_000, 20, 20)  # a call makes hundreds of objects that die by themselves


def main(arguments: list[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT; 2: the settings are wrong."""
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(options)
    except SettingsFault as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _log_to_stderr(options.log)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    switch = SimSwitch(settings).start()
    host, port = switch.address
    ready = {"host": host, "port": port, "password": settings.password, "pid": os.getpid()}
    sys.stdout.write(f"ready {json.dumps(ready)}\n")
    sys.stdout.flush()
    stopping = Signal()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stopping.set)
    if options.until_stdin_closes:
        gevent.spawn(_wait_for_end_of, sys.stdin.fileno(), stopping).name = "parent watch"
    stopping.wait()
    switch.stop()
    return 0


def _wait_for_end_of(file: int, stopping: Signal) -> None:
    """A parent that dies closes its end of our standard input."""
    while tp_read(file, 1):
        pass
    stopping.set()


def _log_to_stderr(level: str) -> None:
    """Standard output is for the ready line alone: its reader may not read on."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="adapter.simswitch", description=__doc__)
    parser.add_argument("--config", type=Path, help="settings as YAML")
    parser.add_argument("--port", type=int, help="inbound event socket, 0: any free one")
    parser.add_argument("--password", help="of the inbound event socket")
    parser.add_argument("--adapter", help="host:port[|host:port] of the adapter to call")
    parser.add_argument("--path", default="", help="path after the adapter's address")
    parser.add_argument("--pace", choices=("real", "flat"))
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the parent")
    parser.add_argument("--log", default="warning", help="debug, info, warning or error")
    parser.add_argument("--version", help="the FreeSWITCH version to claim")
    return parser


def _settings(options: argparse.Namespace) -> SwitchSettings:
    base = load_settings(options.config) if options.config else SwitchSettings()
    names = ("port", "password", "pace", "version")
    changes: dict[str, Any] = {
        name: getattr(options, name) for name in names if getattr(options, name) is not None
    }
    settings = base.with_changes(changes)
    if options.adapter is None:
        return settings
    return settings.with_dialplan(adapter_dialplan(options.adapter, options.path))


if __name__ == "__main__":
    sys.exit(main())
