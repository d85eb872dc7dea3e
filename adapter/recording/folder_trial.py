"""Whether a switch can write recordings where we look for them, tried before the first call.

A disk that is full or mounted read-only is no reason not to start: it passes, and calls and running
recordings need us.
Only the switches of `nodes` can be asked. Each records, for a moment, a call of its own that nobody
hears: its user may lack rights that ours has, or it may see the folder under another path.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from adapter.config import Settings
from adapter.config.faults import Fault
from adapter.freeswitch import commands
from adapter.freeswitch.connection import InboundConnection
from adapter.freeswitch.errors import CommandFailed, SwitchError
from adapter.recording import disk

log = structlog.get_logger()

REMEDY = (
    "give the switch's user the right to write there, and name the folder as the switch sees it "
    "in recordings_switch_dir"
)
OPTIONS = {"RECORD_MIN_SEC": "60"}
"""What is shorter, the switch removes itself, wherever it may have written it."""


def faults(settings: Settings) -> Iterator[Fault]:
    """A fault for each switch of `nodes` that cannot; one that does not answer is left out."""
    if trouble := disk.fault(settings.recordings_dir):
        log.error("recordings cannot be made at present", reason=trouble.message)
    for node in settings.nodes:
        password, deadline = node.password.get_secret_value(), settings.deadlines.command
        with contextlib.suppress(SwitchError):
            connection = InboundConnection(
                node.host, node.port, password, on_event=lambda _: None, deadline=deadline
            )
            try:
                problem = complaint(
                    connection.checked, settings.recordings_dir, settings.recordings_switch_dir
                )
            finally:
                connection.stop()
            if problem and not trouble:
                where = f"FreeSWITCH at {node.host}:{node.port} {problem}"
                yield Fault("recordings_switch_dir", where, REMEDY)


def complaint(ask: Callable[[bytes], str], folder: Path, switch_folder: str) -> str | None:
    """What keeps a switch from recording into `folder`, which it sees as `switch_folder`.

    None too where it cannot be known, for want of mod_loopback. Raises `SwitchError` when the
    switch does not answer.
    """
    call, name = str(uuid.uuid4()), f".trial-{uuid.uuid4()}.wav"
    try:
        ask(commands.silent_call(call))
    except CommandFailed:
        return None
    try:
        ask(commands.record_start(call, f"{switch_folder}/{name}", 1, OPTIONS))
        if not (folder / name).exists():
            return f"writes {switch_folder} elsewhere: its files are not in {folder}"
    except CommandFailed as error:
        return f"cannot write to {switch_folder} ({error.reply})"
    finally:
        with contextlib.suppress(CommandFailed):
            ask(commands.kill(call))
        (folder / name).unlink(missing_ok=True)
    return None
