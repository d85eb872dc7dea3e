"""All recordings of one call, by their control_id."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from adapter.recording.recorder import Recorder
from adapter.recording.state import Failure, Reason

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.identity import CallIdentity
    from adapter.recording.archive import Archive
    from adapter.recording.options import Options


class ControlIdInUse(Exception):
    """A running recording of this call has that control_id already."""


class CallRecordings:
    """Starts, finds and ends the recordings of a call."""

    def __init__(self, call: Call, archive: Archive, identity: CallIdentity) -> None:
        self._call = call
        self._archive = archive
        self._identity = identity
        self._by_control_id: dict[str, Recorder] = {}

    @staticmethod
    def new_control_id() -> str:
        """A control_id for a recording whose document names none."""
        return str(uuid.uuid4())

    def start(self, options: Options) -> Recorder:
        """Start a recording; raises :class:`ControlIdInUse` or what the switch refused.

        Either way the recording exists from now on, with its state, its reason and its callback.
        """
        row = self._archive.new(self._identity, options)
        recorder = Recorder(self._call, self._archive, row, options)
        running = self.find(options.control_id)
        if running and running.active:
            message = f"a recording with control_id {options.control_id!r} runs on this call"
            recorder.fail(Failure("control_id_in_use", message + ": stop it, or name another"))
            raise ControlIdInUse(message)
        self._by_control_id[options.control_id] = recorder
        recorder.start()
        return recorder

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
