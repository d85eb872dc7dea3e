"""All recordings of one call, by their control_id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import structlog

from adapter.freeswitch import commands
from adapter.freeswitch.errors import SwitchError
from adapter.identity import new_id
from adapter.recording.options import Options
from adapter.recording.parts import EVENT as RATE_EVENT
from adapter.recording.pauses import Behavior
from adapter.recording.recorder import NotRunning, Recorder
from adapter.recording.state import Failure, Reason

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.identity import CallIdentity
    from adapter.recording.archive import Archive


log = structlog.get_logger()


class ControlIdInUse(Exception):
    """A running recording of this call has that control_id already."""


class CallRecordings:
    """Starts, finds and ends the recordings of a call."""

    def __init__(self, call: Call, archive: Archive, identity: CallIdentity) -> None:
        self._call = call
        self._archive = archive
        self._identity = identity
        self._by_control_id: dict[str, Recorder] = {}
        self._hush: Callable[[Recorder], None] | None = None

    @property
    def is_hushed(self) -> bool:
        """Whether what is said now must be in no recording."""
        return self._hush is not None

    @contextmanager
    def hushed(
        self, silent: Iterable[str], note: Callable[[Iterable[str]], None]
    ) -> Iterator[None]:
        """While it lasts, every recording is silent, and so is one that starts.

        `silent` are the ids of those that were silenced for the same reason before a crash; `note`
        is told of all of them before each is. What somebody else has paused stays as it is.
        Raises what the switch refuses: then something could be heard.
        """
        hushed = dict.fromkeys(silent)

        def hush(recorder: Recorder) -> None:
            if recorder.row.id in hushed or not recorder.paused:
                hushed[recorder.row.id] = None
                note(hushed)
                with suppress(NotRunning):
                    recorder.pause(Behavior.SILENCE)

        try:
            for recorder in list(self._by_control_id.values()):
                if recorder.active:
                    hush(recorder)
            self._hush = hush
            yield
        finally:
            self._hush = None
            self._let_hear(hushed)

    def _let_hear(self, recording_ids: Iterable[str]) -> None:
        for recording_id in recording_ids:
            recorder = self.of_id(recording_id)
            if recorder is None or not recorder.active or self._call.gone:
                continue
            try:
                with suppress(NotRunning):
                    recorder.resume()
            except SwitchError as error:
                log.warning("a recording stays silent", reason=str(error))

    @staticmethod
    def new_control_id() -> str:
        """A control_id for a recording whose document names none."""
        return new_id()

    def adopt(self) -> None:
        """Take up the recordings of a call that was in other hands: running ones go on."""
        self._hear_of_rates()
        for row in self._archive.of_call(self._identity.call_id):
            options = Options.from_dict(row.options)
            recorder = Recorder(self._call, self._archive, row, options)
            if recorder.adopt():
                self._by_control_id[row.control_id] = recorder
            else:
                self._archive.forget(row)

    def start(self, options: Options) -> Recorder:
        """Start a recording; raises `ControlIdInUse` or what the switch refused.

        Either way the recording exists from now on, with its state, its reason and its callback.
        """
        running = self.find(options.control_id)
        if running and running.active:
            recorder = self._recorder(options)
            message = f"a recording with control_id {options.control_id!r} runs on this call"
            recorder.fail(Failure("control_id_in_use", message + ": stop it, or name another"))
            raise ControlIdInUse(message)
        self._keep_every_packet()
        recorder = self._by_control_id[options.control_id] = self._recorder(options)
        recorder.start()
        if self._hush is not None:
            self._hush(recorder)
        return recorder

    def _keep_every_packet(self) -> None:
        """Once in a call: without a jitter buffer each sound that begins costs the party 40 ms.

        An application that plays flushes what has been received and not yet read (switch_rtp.c,
        `do_flush`), and so does `sleep` in the dialplan; with a jitter buffer it does not.
        """
        if not self._by_control_id:
            self._hear_of_rates()
        milliseconds = self._archive.jitter_buffer_ms
        if self._by_control_id or not milliseconds or self._call.variable("jitterbuffer_msec"):
            return
        self._call.attempt(commands.jitter_buffer(self._call.uuid, milliseconds))

    def _hear_of_rates(self) -> None:
        """Only a call that is recorded needs to know."""
        self._call.attempt(commands.subscribe((RATE_EVENT,)))

    def _recorder(self, options: Options) -> Recorder:
        row = self._archive.new(self._identity, options)
        return Recorder(self._call, self._archive, row, options)

    def of_step(self, step: int) -> Recorder | None:
        """The recording that this very step started before the call changed hands."""
        recorders = self._by_control_id.values()
        return next((one for one in recorders if one.options.step == step), None)

    def of_id(self, recording_id: str) -> Recorder | None:
        """The recording with our own id."""
        recorders = self._by_control_id.values()
        return next((one for one in recorders if one.row.id == recording_id), None)

    def find(self, control_id: str) -> Recorder | None:
        """The latest recording of this control_id, ended or not."""
        return self._by_control_id.get(control_id)

    def url(self, recorder: Recorder) -> str:
        """Where a recording can be downloaded."""
        return self._archive.url(recorder.row)

    def stop_all(self, reason: Reason, deadline: float) -> None:
        """End what still runs and wait for the files."""
        for recorder in self._by_control_id.values():
            if recorder.active:
                recorder.stop(reason, deadline)

    def wait_ended(self, deadline: float) -> bool:
        """After the hangup: wait until every recording has its last state; False if overdue."""
        return all(
            recorder.ended.wait(timeout=deadline) for recorder in self._by_control_id.values()
        )
