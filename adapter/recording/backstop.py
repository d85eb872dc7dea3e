"""What ends a recording of limited length if we are dead by then: a task of the switch's scheduler.

The limit of `uuid_record` itself counts the clock, pauses included, and cannot be changed any more:
a recording whose pause was skipped would end the moment it goes on (switch_core_io.c, `stop_time`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import structlog

from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, SwitchError

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call

log = structlog.get_logger()

LATER = 2
"""Seconds after our own end of it; the scheduler counts whole ones."""


class Backstop:
    """The task for one recording, named by the recording's id."""

    def __init__(self, call: Call, recording_id: str, path: str, *, is_set: bool) -> None:
        """`is_set`: another process may have set it."""
        self._call = call
        self._id = recording_id
        self._path = path
        self._is_set = is_set

    def keep(self, seconds: float | None) -> None:
        """End it on the switch a little after so many seconds, and no earlier; None: do not."""
        self.lift()
        if seconds is None:
            return
        later = math.ceil(seconds) + LATER
        self._is_set = True
        self._do(commands.schedule_record_stop(self._id, later, self._call.uuid, self._path))

    def lift(self) -> None:
        """Nothing is to end it."""
        if self._is_set:
            self._is_set = False
            self._do(commands.unschedule(self._id))

    def _do(self, command: bytes) -> None:
        try:
            self._call.api(command)
        except CallGone:
            pass  # the recording has ended with it
        except SwitchError as error:
            log.info("the switch's scheduler refused", recording_id=self._id, reason=str(error))
