"""The applications that run on a call, each to its end or until it is cut off.

An application's completion is found by the Event-UUID that we gave it, never by the application's
name, so a completion cannot release somebody else's waiter.
"""

from __future__ import annotations

import contextlib
import time
from typing import Protocol

from gevent.event import AsyncResult
from gevent.event import Event as Flag

from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, Interrupted, ReplyTimeout, SwitchError
from adapter.freeswitch.wire import Event
from adapter.greenlets import spawn
from adapter.patience import Awaited

APPLICATION_DEADLINE = 4 * 3600.0
"""Seconds that an application may run: SWML's own limit of a call (answer.max_duration)."""

BEGUN_SECONDS = 0.06
"""An application has begun by then: the session thread looks for work once per 20 ms frame."""

CUT_OFF_SECONDS = (0.0, 1.0, 2.0)
"""When an application is cut off, and once more if it did not end: on a very busy switch."""


class Line(Protocol):
    """What they run on (`Call`)."""

    deadline: float

    @property
    def uuid(self) -> str: ...

    def api(self, *batch: bytes) -> str: ...

    def wait(
        self, awaited: Awaited, *, timeout: float | None = None, until: Flag | None = None
    ) -> bool: ...


class Applications:
    """Those of one call. They do not know it: it goes with each, so that both are free at once."""

    def __init__(self) -> None:
        self._completions: dict[str, AsyncResult[Event]] = {}

    @property
    def innermost(self) -> str:
        """The Event-UUID of the one that was begun last, of those that run."""
        return next(reversed(self._completions), "")

    def run(
        self,
        line: Line,
        application: str,
        argument: str,
        *,
        event_uuid: str,
        deadline: float,
        until: Flag | None,
        stop: bytes | None,
    ) -> Event:
        """As `Call.execute`."""
        command = commands.execute(application, argument, event_uuid=event_uuid)
        completion = self._completions[event_uuid] = AsyncResult()
        try:
            line.api(command)
            begun = time.monotonic() + BEGUN_SECONDS
            line.wait(completion, timeout=deadline, until=until)
            if until is not None and until.is_set():
                _cut_off(line, completion, begun, stop)
        except Interrupted:
            name = f"cut off {application}"
            spawn(_cut_off_quietly, line, completion, begun, stop, name=name)
            raise
        except BaseException:
            self._completions.pop(event_uuid, None)
            raise
        if not completion.ready():
            del self._completions[event_uuid]
            raise ReplyTimeout(f"{application} did not complete within {deadline} s")
        completed: Event = completion.get()
        return completed

    def completed(self, event: Event) -> None:
        """A CHANNEL_EXECUTE_COMPLETE has come."""
        completion = self._completions.pop(event.get("Application-UUID"), None)
        # What a hangup breaks off completes as well, right behind it.
        if completion is not None and not completion.ready():
            completion.set(event)

    def break_off(self, reason: CallGone) -> None:
        """The call is gone, and all of them with it."""
        for completion in self._completions.values():
            completion.set_exception(reason.again())


def _cut_off(line: Line, completion: AsyncResult[Event], begun: float, stop: bytes | None) -> None:
    """What has not begun yet would not be cut off, but what comes after it."""
    completion.wait(timeout=max(0.0, begun - time.monotonic()))
    for seconds in CUT_OFF_SECONDS:
        completion.wait(timeout=seconds)
        if completion.ready():
            return
        line.api(stop or commands.cut_off(line.uuid))
    completion.wait(timeout=line.deadline)


def _cut_off_quietly(
    line: Line, completion: AsyncResult[Event], begun: float, stop: bytes | None
) -> None:
    with contextlib.suppress(SwitchError):
        _cut_off(line, completion, begun, stop)
