"""The life of one recording as a pure state machine: no switch, no clock, no file.

    starting → recording ⇄ paused → stopping → finished | no_input | error

An input is what happened; `Machine.handle` yields what must now be done, in order. Every
input is legal in every state, in any order and any number of times: what no longer matters is
ignored, a final state is never left, and unless the switch refuses, `recording` is announced before
it: callbacks tell the same story in every order.

Why a recording ended is our own knowledge. The switch's Record-Completion-Cause is the same
(`success-maxtime`) for an explicit stop and for its limit, and at a hangup it speaks of silence
whether or not anybody listened for it (switch_ivr_async.c, `record_callback`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

from adapter.recording.pauses import Behavior


class State(StrEnum):
    """SWML's states of a recording (record_call, `params.state`) and two of our own."""

    STARTING = auto()
    RECORDING = auto()
    PAUSED = auto()
    STOPPING = auto()
    FINISHED = auto()
    NO_INPUT = auto()
    ERROR = auto()

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        return self in (State.FINISHED, State.NO_INPUT, State.ERROR)


class Reason(StrEnum):
    """Why a recording ended."""

    STOPPED = auto()
    TERMINATOR = auto()
    END_SILENCE = auto()
    INITIAL_TIMEOUT = auto()
    MAX_LENGTH = auto()
    HANGUP = auto()
    SWITCH = auto()
    """The switch ended it for a reason that it did not tell."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong: a code for programs, and for people what to do about it."""

    code: str
    message: str


class Action(StrEnum):
    """What the recorder must do after an input."""

    ANNOUNCE = auto()
    """Store the new state, together with its callback."""
    STOP = auto()
    """Tell the switch to close the file."""
    CONCLUDE = auto()
    """The file is closed: read its facts and report them by `Examined`."""


@dataclass(frozen=True, slots=True)
class Started:
    """The switch records."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The switch does not record; there will be no event."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody or something here wants it to end."""

    reason: Reason = Reason.STOPPED


@dataclass(frozen=True, slots=True)
class Digit:
    """The party pressed a key (DTMF)."""

    digit: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The switch leaves time out, or writes silence, from now on; also instead of the other."""

    behavior: Behavior = Behavior.SKIP


@dataclass(frozen=True, slots=True)
class Resumed:
    """The switch writes the call again."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call is over; the switch closes the file by itself."""


@dataclass(frozen=True, slots=True)
class Closed:
    """RECORD_STOP: the file is complete. `cause` is its Record-Completion-Cause."""

    cause: str
    hung_up: bool = False
    milliseconds: str = ""
    """`record_ms` and, below, `record_samples`, as the switch tells them; maybe nothing."""
    samples: str = ""


@dataclass(frozen=True, slots=True)
class Overdue:
    """RECORD_STOP did not come in time; the file is all there is to go by."""


@dataclass(frozen=True, slots=True)
class Examined:
    """The closed file's facts have been read, or it is no recording."""

    failure: Failure | None = None


Input = Started | Refused | Stop | Digit | Paused | Resumed | HungUp | Closed | Overdue | Examined

_FAILED_CAUSES = {
    "uri-failure": Failure(
        "write_failed", "FreeSWITCH could not write the file: look at its log, the disk and rights"
    ),
}


class Machine:
    """One recording's state, why it ended, and what failed."""

    def __init__(
        self,
        *,
        terminators: str = "",
        listens_for_silence: bool = False,
        state: State = State.STARTING,
        behavior: Behavior | None = None,
    ) -> None:
        self.state = state
        self.behavior = behavior
        """Of the pause that lasts."""
        self.reason: Reason | None = None
        self.failure: Failure | None = None
        self._terminators = frozenset(terminators)
        self._listens_for_silence = listens_for_silence
        self._outcome = State.FINISHED
        self._concluding = False

    def handle(self, event: Input) -> Iterator[Action]:
        """Take an input; yields what to do, each to be done before the next is asked for."""
        if self.state.final:
            return
        match event:
            case Started():
                yield from self._started()
            case Refused(failure):
                yield from self._fail(failure)
            case Stop(reason):
                yield from self._stop(reason)
            case Digit(digit):
                yield from self._stop(Reason.TERMINATOR) if digit in self._terminators else ()
            case Paused(behavior):
                yield from self._turn(State.PAUSED, behavior)
            case Resumed():
                yield from self._turn(State.RECORDING, None)
            case _:
                yield from self._ending(event)

    def _ending(self, event: Input) -> Iterator[Action]:
        match event:
            case HungUp():
                self._hung_up()
            case Closed(cause, hung_up) if not self._concluding:
                yield from self._closed(cause, hung_up)
            case Overdue() if not self._concluding:
                yield from self._conclude(Reason.SWITCH)
            case Examined(failure) if self._concluding:
                yield from self._fail(failure) if failure else self._finish()

    def _started(self) -> Iterator[Action]:
        if self.state is not State.STARTING:
            return
        self.state = State.RECORDING
        yield Action.ANNOUNCE
        if self.reason is None:
            return
        # A stop or a hangup overtook the switch's answer.
        self.state = State.STOPPING
        if self.reason is not Reason.HANGUP:
            yield Action.STOP

    def _stop(self, reason: Reason) -> Iterator[Action]:
        if self.reason is None:
            self.reason = reason
        if self.state in (State.RECORDING, State.PAUSED) and not self._concluding:
            self.state = State.STOPPING
            yield Action.STOP

    def _hung_up(self) -> None:
        if self.reason is None:
            self.reason = Reason.HANGUP
        if self.state in (State.RECORDING, State.PAUSED):
            self.state = State.STOPPING

    def _closed(self, cause: str, hung_up: bool) -> Iterator[Action]:
        self.failure = _FAILED_CAUSES.get(cause)
        yield from self._conclude(self._why(cause, hung_up))

    def _conclude(self, reason: Reason) -> Iterator[Action]:
        self._concluding = True
        if self.reason is None:
            self.reason = reason
        if self.reason is Reason.INITIAL_TIMEOUT:
            self._outcome = State.NO_INPUT
        if self.state is State.STARTING:
            self.state = State.RECORDING
            yield Action.ANNOUNCE
        yield Action.CONCLUDE

    def _why(self, cause: str, hung_up: bool) -> Reason:
        if hung_up:
            return Reason.HANGUP
        if self._listens_for_silence and cause == "no-input-timeout":
            return Reason.INITIAL_TIMEOUT
        if self._listens_for_silence and cause == "success-silence":
            return Reason.END_SILENCE
        if cause == "success-maxtime":
            return Reason.MAX_LENGTH
        return Reason.SWITCH

    def _turn(self, state: State, behavior: Behavior | None) -> Iterator[Action]:
        runs = self.state in (State.RECORDING, State.PAUSED) and not self._concluding
        if runs and (self.state, self.behavior) != (state, behavior):
            self.state, self.behavior = state, behavior
            yield Action.ANNOUNCE

    def _fail(self, failure: Failure) -> Iterator[Action]:
        self.failure = self.failure or failure
        self.state = State.ERROR
        yield Action.ANNOUNCE

    def _finish(self) -> Iterator[Action]:
        self.state = State.ERROR if self.failure else self._outcome
        yield Action.ANNOUNCE
