"""What the party says, recorded for our own ears: the file is gone once it was listened to.

It ends by itself when somebody has spoken and is silent again, if told so.
"""

from __future__ import annotations

import contextlib
import math
import uuid
from pathlib import Path

from gevent.event import Event as Flag

from adapter.freeswitch import commands
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import SwitchError
from adapter.freeswitch.wire import Event

CLOSE_DEADLINE = 2.0
"""Seconds from a stop to RECORD_STOP; it comes within 3 ms."""

LIMIT_BACKSTOP = 5
"""Seconds after which the switch ends it should we be dead by then."""


class Capture:
    """One such recording, from `start` to `drop`."""

    def __init__(self, call: Call, folder: Path, switch_folder: str) -> None:
        name = f"heard-{uuid.uuid4()}.wav"
        self.path = folder / name
        self.ended = Flag()
        self._switch_path = f"{switch_folder}/{name}"
        self._call = call
        self._unsubscribe = call.on("RECORD_STOP", self._on_stop)
        call.when_ended(self.ended.set)

    def start(self, *, seconds: float, end_silence: float = 0.0, both: bool = False) -> None:
        """Record for at most `seconds`; `end_silence` seconds of it after speech end it.

        `both`: what the party hears as well. Raises what the switch refuses.
        """
        options = {"RECORD_PRE_BUFFER_FRAMES": "0"}
        if not both:
            options["RECORD_READ_ONLY"] = "true"
        if end_silence:
            options["RECORD_FINAL_TIMEOUT_MS"] = str(max(20, round(end_silence * 1000)))
        limit = math.ceil(seconds) + LIMIT_BACKSTOP
        self._call.api(commands.record_start(self._call.uuid, self._switch_path, limit, options))

    def stop(self) -> None:
        """End it, and wait until the file is whole."""
        if not self.ended.is_set():
            with contextlib.suppress(SwitchError):
                command = commands.record_control(self._call.uuid, "stop", self._switch_path)
                self._call.api(command)
            self.ended.wait(CLOSE_DEADLINE)

    def drop(self) -> None:
        """End it, and delete the file."""
        self.stop()
        self._unsubscribe()
        self.path.unlink(missing_ok=True)

    def _on_stop(self, event: Event) -> None:
        if event.get("Record-File-Path") == self._switch_path:
            self.ended.set()
