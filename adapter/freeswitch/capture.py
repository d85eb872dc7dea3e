"""What the party says, recorded for our own ears: the file is gone once it was listened to.

It is written frame by frame, so that it can be listened to while it is spoken.
"""

from __future__ import annotations

import contextlib
import math
import sys
import uuid
from array import array
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


WAV_HEADER = 44
"""Bytes before a WAV's samples, as libsndfile writes it."""


class Capture:
    """One such recording, from `start` to `drop`."""

    def __init__(self, call: Call, folder: Path, switch_folder: str) -> None:
        name = f"heard-{uuid.uuid4()}.wav"
        self.path = folder / name
        self.ended = Flag()
        self._switch_path = f"{switch_folder}/{name}"
        self._read = WAV_HEADER
        self._call = call
        self._unsubscribe = call.on("RECORD_STOP", self._on_stop)
        call.when_ended(self.ended.set)

    def start(self, *, seconds: float, both: bool = False) -> None:
        """Record for at most `seconds`; `both`: what the party hears as well.

        Raises what the switch refuses.
        """
        options = {
            "RECORD_PRE_BUFFER_FRAMES": "0",
            # Buffered, the file grows by four seconds at a time (switch_ivr_async.c).
            "enable_file_write_buffering": "false",
        }
        if not both:
            options["RECORD_READ_ONLY"] = "true"
        limit = math.ceil(seconds) + LIMIT_BACKSTOP
        self._call.api(commands.record_start(self._call.uuid, self._switch_path, limit, options))

    def more(self) -> array[int]:
        """The samples that have come since this was asked last (8 kHz, as the call's)."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return array("h")
        whole = len(data) & ~1
        self._read += whole
        samples = array("h", data[:whole])
        if sys.byteorder == "big":
            samples.byteswap()
        return samples

    def hush(self, silent: bool) -> None:
        """Hear silence, or hear again. Raises what the switch refuses."""
        if not self.ended.is_set():
            action = "mask" if silent else "unmask"
            self._call.api(commands.record_control(self._call.uuid, action, self._switch_path))

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
