"""One `collect` that was commanded from outside: the keys that the party presses, until enough, or
what it says, whichever it begins with.

The keys are taken away from the script meanwhile. What came of it is told as a result: `digit`,
`speech`, `no_match`, `no_input`, `error`, `start_of_input`, and `finished` when it was stopped or
the call ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from gevent.queue import Empty, Queue
from structlog.contextvars import bind_contextvars

from adapter.control.hearing import Hearing, Words
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.greenlets import spawn

if TYPE_CHECKING:
    from adapter.methods.context import Context

EVENT = "calling.call.collect"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is collected. Times in seconds; `initial_timeout` counts once the timers run."""

    max_digits: int
    """0: only speech counts."""
    terminators: str
    digit_timeout: float
    initial_timeout: float
    timers_run: bool
    continuous: bool
    tell_start: bool
    speech: Words | None = None


class _Told(Enum):
    """What may come besides a digit."""

    STOP = auto()
    START_TIMERS = auto()
    SPEAKS = auto()
    HAS_SPOKEN = auto()


class Collecting:
    """Collects digits once, or again and again."""

    def __init__(self, context: Context, control_id: str, wanted: Wanted, url: str | None) -> None:
        self.control_id = control_id
        self.over = False
        self._context = context
        self._wanted = wanted
        self._url = url
        self._timers_run = wanted.timers_run
        self._inbox: Queue[str | _Told] = Queue()
        self.on_input: Callable[[], None] = lambda: None
        """Called with the first key of each input."""

    def start(self) -> None:
        """Begin; keys that are pressed from now on count."""
        call = self._context.call
        take_back = self._context.digits.divert(self._inbox.put)
        call.on("CHANNEL_HANGUP", lambda _: self.stop())
        call.when_ended(self.stop)
        self._greenlet = spawn(self._run, name=f"collect {self.control_id}")
        self._greenlet.link(lambda _: take_back())

    def settle(self, seconds: float) -> None:
        """Wait until it has told its end, for so long."""
        self._greenlet.join(seconds)

    def stop(self) -> None:
        """End it; what was pressed so far is forgotten."""
        self._inbox.put(_Told.STOP)

    def start_timers(self) -> None:
        """From now on the first digit is waited for `initial_timeout` seconds."""
        self._inbox.put(_Told.START_TIMERS)

    def _run(self) -> None:
        bind_contextvars(control_id=self.control_id)
        while True:
            result = self._once()
            self.over = result["type"] == "finished" or not self._wanted.continuous
            self._tell(result)
            if self.over:
                return

    def _once(self) -> dict[str, Any]:
        """One input's result."""
        if self._wanted.speech is None:
            return self._collect(None)
        try:
            hearing = Hearing(
                self._context,
                self._wanted.speech,
                began=lambda: self._inbox.put(_Told.SPEAKS),
                ended=lambda: self._inbox.put(_Told.HAS_SPOKEN),
            )
        except CallGone:
            return {"type": "finished"}
        except SwitchError as error:
            return {"type": "error", "params": {"message": str(error)}}
        try:
            return self._collect(hearing)
        except CallGone:
            return {"type": "finished"}
        finally:
            hearing.close()

    def _collect(self, hearing: Hearing | None) -> dict[str, Any]:
        digits, until = "", None
        while (came := self._next(digits, until)) is not _Told.STOP:
            if isinstance(came, str):
                digits, terminator = self._pressed(digits, came, begins=until is None)
                if terminator or 0 < self._wanted.max_digits <= len(digits):
                    return _digits(digits, terminator)
            elif came is _Told.START_TIMERS:
                self._timers_run = True
            elif came is _Told.SPEAKS and self._wanted.speech and not digits:
                until = time.monotonic() + self._wanted.speech.longest
                self._began()
            elif hearing and until and not digits:
                return hearing.result()
            elif came is None:
                return _digits(digits)
        return {"type": "finished"}

    def _pressed(self, digits: str, key: str, *, begins: bool) -> tuple[str, str]:
        """The digits so far, and the terminator; `begins`: nothing came before them."""
        if key in self._wanted.terminators:
            self.on_input()
            return digits, key
        if self._wanted.max_digits and not digits and begins:
            self._began()
        return digits + key if self._wanted.max_digits else "", ""

    def _began(self) -> None:
        self.on_input()
        if self._wanted.tell_start:
            self._tell({"type": "start_of_input"})

    def _next(self, digits: str, until: float | None) -> str | _Told | None:
        """A key, a word from outside, or None when time is up; `until`: that of who speaks."""
        patience = self._wanted.initial_timeout if self._timers_run else None
        if digits:
            patience = self._wanted.digit_timeout
        elif until is not None:
            patience = max(0.0, until - time.monotonic())
        try:
            came: str | _Told = self._inbox.get(timeout=patience)
        except Empty:
            return None
        return came

    def _tell(self, result: dict[str, Any]) -> None:
        params: dict[str, Any] = {"control_id": self.control_id, "result": result}
        if self._wanted.continuous:
            params["state"] = "finished" if self.over else "collecting"
        self._context.tell(self._url, EVENT, **params)


def _digits(digits: str, terminator: str = "") -> dict[str, Any]:
    if not digits:
        return {"type": "no_input"}
    return {"type": "digit", "params": {"digits": digits, "terminator": terminator}}
