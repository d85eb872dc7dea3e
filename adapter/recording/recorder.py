"""One recording on one call: the state machine at work on the switch, the file and the store.

A greenlet takes what happens (the switch's events, digits, timers, stops) one by one, hands it to
the pure machine and does what that says. It ends with the recording, or with the connection: then
the recording goes on without us, and the store still knows it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from gevent.event import Event as Flag
from gevent.queue import Empty, Queue
from msgspec.structs import replace
from structlog.contextvars import bind_contextvars

from adapter import metrics
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, ConnectionLost, ReplyTimeout, SwitchError
from adapter.greenlets import spawn
from adapter.recording.backstop import Backstop
from adapter.recording.hearing import Disconnected, Heard, Hearing
from adapter.recording.options import Options, switch_variables
from adapter.recording.outcome import count, outcome
from adapter.recording.parts import Parts, RateHeard, Rates
from adapter.recording.pauses import Behavior, Pauses
from adapter.recording.pausing import Pausing
from adapter.recording.refusals import require_version, why_refused
from adapter.recording.state import (
    Action,
    Closed,
    Examined,
    Failure,
    Input,
    Machine,
    Overdue,
    Paused,
    Reason,
    Refused,
    Resumed,
    Started,
    State,
    Stop,
)

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.recording.archive import Archive
    from adapter.store.rows import Recording

log = structlog.get_logger()

CLOSE_DEADLINE = 5.0
"""Seconds from a stop, or a hangup, to RECORD_STOP: it is sent within 3 ms."""


class NotRunning(Exception):
    """The recording has ended, or is being closed: it can neither be paused nor go on."""


class Recorder:
    """Runs one recording from its start to its last callback."""

    def __init__(self, call: Call, archive: Archive, row: Recording, options: Options) -> None:
        self.row = row
        self.options = options
        self.ended = Flag()
        self._call = call
        self._archive = archive
        self._control = partial(_control, call, archive.switch_path(row))
        self._pausing = Pausing(self._control, Pauses.noted_in(row.options), archive.clock)
        limited = bool(options.max_length) and row.started_at is not None
        self._backstop = Backstop(call, row.id, archive.switch_path(row), is_set=limited)
        self._machine = Machine(
            terminators=options.terminators,
            listens_for_silence=options.listens_for_silence,
            state=State(row.state),
            behavior=self._pausing.pauses.behavior,
        )
        self._parts = Parts(call, archive.path(row), archive.switch_path(row), row.id, options)
        self._inbox: Queue[Heard] = Queue()
        self._hearing = Hearing(call, row.id, self._parts, self._inbox)
        self._news: dict[str, Any] = {}
        self._closed = Closed("")
        self._started = 0.0
        self._stop_by: float | None = None
        self._ids = {
            "call_id": row.call_id,
            "control_id": row.control_id,
            "recording_id": row.id,
        }
        self._log = log.bind(**self._ids)

    # -- what others ask -----------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether it is still being recorded or closed."""
        return not self.ended.is_set()

    @property
    def paused(self) -> bool:
        """Whether somebody has paused it."""
        return self._pausing.pauses.behavior is not None

    def start(self) -> None:
        """Start it on the switch. Raises what the switch refused; the `error` callback is out then.

        The row is committed before the command: a recording that the switch runs is always known.
        """
        self._archive.put(self.row)
        self._listen()
        try:
            require_version(self._call)
            self._call.api(self._start_command())
        except ConnectionLost:
            # The switch may well record: whoever takes the call up, or recovery, sees to it.
            self._retire()
            raise
        except SwitchError as error:
            if isinstance(error, ReplyTimeout):
                self._stop_on_switch()
            failure = why_refused(self._call, self._archive, self.row.format, error)
            self.fail(failure)
            error.advice = failure.message
            raise
        self._started = self._archive.clock()
        self._news["started_at"] = self._started
        self._limit()
        self.tell(Started())
        self._spawn()

    def adopt(self) -> bool:
        """Take up a recording that another process started: its timers and digits count on.

        False for one that the switch was never told to start: the step that wants it starts it.
        """
        if self._machine.state.final:
            self.ended.set()
            return True
        self._listen()
        self._parts.rates = Rates.noted_in(self.row.options)
        self._started = self.row.started_at or self.row.created_at
        if self._is_recording_now():
            self._pausing.restore()
            self._limit()
            self.tell(Started())
        elif self._machine.state is State.STARTING and not self._archive.path(self.row).exists():
            self._retire()
            return False
        else:
            self.tell(Overdue())
        self._log.info("recording taken up again")
        self._spawn()
        return True

    def _is_recording_now(self) -> bool:
        bugs = self._call.api(commands.api("uuid_buglist", self._call.uuid))
        return self._archive.switch_path(self.row) in bugs

    def fail(self, failure: Failure) -> None:
        """Declare it failed: the state and the reason are stored and called back."""
        self._take(Refused(failure))
        self._retire()

    def stop(self, reason: Reason = Reason.STOPPED, deadline: float = CLOSE_DEADLINE) -> bool:
        """End it and wait until its file is closed and its last state stored; False if overdue."""
        self.tell(Stop(reason))
        return bool(self.ended.wait(timeout=deadline))

    def pause(self, behavior: Behavior) -> None:
        """Record no more, or silence, from this moment on; the callback follows.

        Paused already, it changes to this behavior. Raises `NotRunning` and what the switch says.
        """
        with self._pausing.lock:
            self._require_running()
            if self._pausing.begin(behavior):
                self._limit()
                self.tell(Paused(behavior))

    def resume(self) -> None:
        """Record again; one that is not paused goes on. Raises as `pause`."""
        with self._pausing.lock:
            self._require_running()
            if self._pausing.end():
                self._limit()
                self.tell(Resumed())

    def _limit(self) -> None:
        self._backstop.keep(self._seconds_left(self._archive.clock()))

    def _require_running(self) -> None:
        state = self._machine.state
        if not self._started or state is State.STOPPING or state.final:
            raise NotRunning(f"the recording {self.row.control_id!r} is {state}")

    def tell(self, event: Heard) -> None:
        """Something happened; taken up in order by the recording's own greenlet."""
        self._inbox.put(event)

    # -- the greenlet --------------------------------------------------------------------------

    def _spawn(self) -> None:
        spawn(self._run, name=f"recording {self.row.id}")

    def _run(self) -> None:
        bind_contextvars(**self._ids)
        try:
            while not self._machine.state.final:
                event = self._next()
                if isinstance(event, Disconnected):
                    self._log.warning("connection lost, the recording goes on without us")
                    return
                if isinstance(event, RateHeard):
                    self._change_rate(event)
                elif not self._is_end_of_a_part(event):
                    self._take(event)
        except Exception:
            self._log.exception("a recording failed inside the adapter")
        finally:
            self._retire()

    def _next(self) -> Heard:
        """What happens next: an input, or that time is up."""
        try:
            event: Heard = self._inbox.get(timeout=self._patience())
        except Empty:
            if self._machine.state is State.STOPPING:
                return Overdue()
            return Stop(Reason.MAX_LENGTH)
        return event

    def _patience(self) -> float | None:
        now = self._archive.clock()
        if self._machine.state is State.STOPPING:
            self._stop_by = self._stop_by or now + CLOSE_DEADLINE
            return max(0.0, self._stop_by - now)
        return self._seconds_left(now)

    def _seconds_left(self, now: float) -> float | None:
        """Until its length is recorded; None without a length, or while no time is recorded."""
        pauses = self._pausing.pauses
        if not self.options.max_length or pauses.stands_still:
            return None
        return max(0.0, self.options.max_length - pauses.recorded(self._started, now))

    def _take(self, event: Input) -> None:
        for action in self._machine.handle(event):
            match action:
                case Action.ANNOUNCE:
                    self._announce()
                case Action.STOP:
                    self._stop_on_switch()
                case Action.CONCLUDE:
                    self._take(Examined(self._examine()))

    def _change_rate(self, heard: RateHeard) -> None:
        if self._machine.state not in (State.RECORDING, State.PAUSED):
            return
        before = self._parts.rates
        try:
            with self._pausing.lock:
                goes_on = self._parts.go_on(heard)
                if goes_on:
                    self._pausing.repeat()
        except CallGone:
            return  # its end follows
        except SwitchError as error:
            self._stop_on_switch()
            self._take(Refused(why_refused(self._call, self._archive, self.row.format, error)))
            return
        if self._parts.rates is not before:
            metrics.count_rate_change(goes_on=goes_on)
            self._log.warning("the call's rate changed", rate=heard.now, goes_on=goes_on)
            self._note_rates()

    def _is_end_of_a_part(self, event: Input) -> bool:
        if not isinstance(event, Closed):
            return False
        if self._parts.take_end(count(event.samples)):
            self._note_rates()
            return True
        self._closed = event
        return False

    def _note_rates(self) -> None:
        self.row = replace(self.row, options=self._parts.rates.noted(self.row.options))
        self._archive.put(self.row)

    # -- what it does --------------------------------------------------------------------------

    def _announce(self) -> None:
        machine = self._machine
        failure = machine.failure
        if machine.state.final:
            self._news.setdefault("ended_at", self._archive.clock())
        self.row = replace(
            self.row,
            state=machine.state,
            options=self._pausing.pauses.noted(self.row.options),
            reason=machine.reason,
            error_code=failure.code if failure else None,
            error_message=failure.message if failure else None,
            **self._news,
        )
        metrics.count_recording(machine.state, failure.code if failure else None)
        self._log.info("recording " + machine.state.replace("_", " "), reason=machine.reason)
        self._archive.announce(self.row)

    def _stop_on_switch(self) -> None:
        try:
            self._control("stop")
        except CallGone:
            pass  # a hangup closes the file as well
        except SwitchError as error:
            # It ended by itself in this very moment: its RECORD_STOP is on the way.
            self._log.info("the switch had nothing to stop", reply=str(error))

    def _examine(self) -> Failure | None:
        """Read the closed file's facts into the row; returns what is wrong with it."""
        ended = self._archive.clock()
        recorded = self._pausing.pauses.recorded(self._started, ended)
        found = outcome(self._archive, self.row, self._closed, self._parts.rates, recorded)
        if found.facts:
            self._news |= {"ended_at": ended, **found.facts}
        return found.failure

    # -- beginning and end ---------------------------------------------------------------------

    def _listen(self) -> None:
        self._hearing.begin(digits=bool(self.options.terminators))
        self._archive.in_hand.add(self.row.id)

    def _retire(self) -> None:
        if not self._call.gone:
            self._backstop.lift()
        self._archive.in_hand.discard(self.row.id)
        self._hearing.end()
        self.ended.set()

    def _start_command(self) -> bytes:
        path = self._archive.switch_path(self.row)
        variables = switch_variables(self.row.id, self.options)
        return commands.record_start(self._call.uuid, path, 0, variables)


def _control(call: Call, path: str, action: str) -> None:
    call.api(commands.record_control(call.uuid, action, path))
