"""The recording of a whole conference: one file of ours, written by the switch until the end.

It is the conference's and no call's: its row stands under the conference's id, so that it does not
matter which participant asked for it or is still there, or whether any adapter is. Its own id is
made of the conference's, and two that ask for it at once mean the same one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import gevent
import structlog
from msgspec.structs import replace

from adapter.callbacks.address import Method
from adapter.callbacks.conference_payloads import KINDS, recording_facts
from adapter.freeswitch import conferences
from adapter.freeswitch.errors import CommandFailed
from adapter.recording import files
from adapter.recording.conclusion import concluded
from adapter.recording.options import Options
from adapter.recording.state import Reason, State
from adapter.store.rows import CONFERENCE, Recording

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call
    from adapter.identity import CallIdentity
    from adapter.recording.archive import Archive

log = structlog.get_logger()

_SPACE = uuid.UUID("c9a0d0a4-7f1b-4c63-9d5e-2a6e0a1b9f37")

OPEN_SECONDS = 1.0
"""From the command to the file: it is opened in a thread of its own."""

CLOSE_SECONDS = 3.0
"""From the last one's leaving to the closed file."""

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Wish:
    """That a conference is to be recorded, and who is told."""

    name: str
    """The conference as the document calls it."""
    room: str
    status_url: str | None = None
    events: frozenset[str] = KINDS
    method: Method = "POST"
    trim: bool = False
    """Whether silence at the ends of the file is cut off."""

    @classmethod
    def parse(
        cls,
        name: str,
        room: str,
        status_url: str | None,
        events: str | None,
        method: Method = "POST",
        *,
        trim: bool = False,
    ) -> Wish:
        """`events` are names between blanks or commas; none means all."""
        asked = frozenset((events or "").replace(",", " ").split()) & KINDS
        return cls(name, room, status_url, asked or KINDS, method, trim)


class ConferenceRecordings:
    """Starts and ends them on behalf of one call."""

    def __init__(self, call: Call, archive: Archive) -> None:
        self._call = call
        self._archive = archive

    def start(self, wish: Wish, conference_id: str, identity: CallIdentity) -> None:
        """Record the conference unless it is; what the switch refuses is told and logged."""
        recording_id = _id_of(conference_id)
        if self._archive.store.recording(recording_id) is not None:
            return
        row = self._row(wish, conference_id, identity, recording_id)
        self._archive.put(row)
        try:
            self._call.api(conferences.record(wish.room, self._archive.switch_path(row)))
        except CommandFailed as error:
            log.info("the conference is recorded already", reply=str(error))
            return
        row = replace(row, state=State.RECORDING, started_at=self._archive.clock())
        if not self._eventually(OPEN_SECONDS, self._archive.path(row).exists):
            row = replace(
                row,
                state=State.ERROR,
                ended_at=self._archive.clock(),
                error_code="record_refused",
                error_message=f"there is no file. Can FreeSWITCH write to "
                f"{self._archive.switch_folder}?",
            )
        self._archive.announce(row)

    def finish(self, conference_id: str) -> dict[str, Any]:
        """The conference is over: what became of its recording, if there was one."""
        row = self._archive.store.recording(_id_of(conference_id))
        if row is None:
            return {}
        if not State(row.state).final:
            self._eventually(CLOSE_SECONDS, partial(self._is_closed, row))
            row = concluded(self._archive, row, Reason.HANGUP)
            self._archive.announce(row)
        return recording_facts(row, self._archive.url(row))

    def _row(
        self, wish: Wish, conference_id: str, identity: CallIdentity, recording_id: str
    ) -> Recording:
        options = Options(control_id=recording_id, status_url=wish.status_url)
        row = self._archive.new(identity, options, recording_id=recording_id)
        of_conference = {
            "name": wish.name,
            "room": wish.room,
            "call_id": identity.call_id,
            "events": sorted(wish.events),
            "method": wish.method,
            "trim": wish.trim,
        }
        options_of_row = {**row.options, CONFERENCE: of_conference}
        return replace(row, call_id=conference_id, options=options_of_row)

    def _is_closed(self, row: Recording) -> bool:
        try:
            return not files.examine(self._archive.path(row), row.format).truncated
        except files.NoRecording:
            return False

    def _eventually(self, seconds: float, look: Callable[[], bool]) -> bool:
        """Look again and again, also after the hangup."""
        until = self._archive.clock() + seconds
        while not (seen := look()) and self._archive.clock() < until:
            gevent.sleep(LOOK_SECONDS)
        return seen


def _id_of(conference_id: str) -> str:
    return str(uuid.uuid5(_SPACE, conference_id))
