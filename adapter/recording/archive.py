"""Where recordings and the news of them are kept: file names, rows, callbacks.

A state and its callback are one transaction, committed before the first attempt at delivery.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from adapter.callbacks.conference_payloads import conference_record_event, method_of, of_conference
from adapter.callbacks.fax_payloads import fax_event
from adapter.callbacks.forms import form_callback, recording_form
from adapter.callbacks.outbox import Outbox
from adapter.callbacks.payloads import Payload, record_event
from adapter.identity import CallIdentity, new_id
from adapter.recording import links
from adapter.recording.options import Options
from adapter.recording.state import State
from adapter.store.held import HeldWrites
from adapter.store.rows import FAX, Recording, RecordingFilter
from adapter.store.store import Store
from adapter.store.writes import PutRecording, Write

ALIVE = (State.STARTING, State.RECORDING, State.PAUSED)

MAX_OF_CALL = 10_000
"""Recordings of one call that are taken up again; a script's step budget allows no more."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One process's recordings: the folder as we see it, as the switch sees it, and the store."""

    store: Store
    held: HeldWrites
    outbox: Outbox
    folder: Path
    switch_folder: str
    public_url: str
    link_secret: str | None
    jitter_buffer_ms: int = 0
    clock: Callable[[], float] = time.time
    told: Callable[[Recording], None] = lambda _row: None
    """Hears of every state of every recording; must not raise."""
    in_hand: set[str] = field(default_factory=set)
    """Recordings that a call of this process looks after."""

    def new(
        self, identity: CallIdentity, options: Options, *, recording_id: str | None = None
    ) -> Recording:
        """A row for a recording that is about to start. Its file is named by our own id alone."""
        recording_id = recording_id or new_id()
        return Recording(
            id=recording_id,
            call_id=identity.call_id,
            node_id=identity.node_id,
            event_channel=identity.event_channel,
            project_id=identity.project_id,
            space_id=identity.space_id,
            control_id=options.control_id,
            state=State.STARTING,
            path=f"{recording_id}.{options.format}",
            created_at=self.clock(),
            format=options.format,
            direction=options.direction,
            stereo=options.stereo,
            status_url=options.status_url,
            options=options.as_dict(),
        )

    def of_call(self, call_id: str) -> list[Recording]:
        """All recordings of a call, the oldest first."""
        return self.store.recordings(RecordingFilter(call_id=call_id), limit=MAX_OF_CALL)[::-1]

    def unfinished(self) -> list[Recording]:
        """Recordings that nobody has seen the end of, the oldest first."""
        wanted = RecordingFilter(states=ALIVE, deleted=None, faxes=None)
        return self.store.recordings(wanted, limit=MAX_OF_CALL)[::-1]

    def path(self, row: Recording) -> Path:
        """The file, as this process sees it."""
        return self.folder / row.path

    def switch_path(self, row: Recording) -> str:
        """The same file, as the switch sees it (another mount, a container)."""
        return f"{self.switch_folder}/{row.path}"

    def url(self, row: Recording) -> str:
        """Where the recording can be downloaded once it has ended."""
        return links.download_url(self.public_url, row.id, self.link_secret)

    def media_url(self, row: Recording) -> str:
        """The same in the LaML API, which clients end with .wav or .mp3 as they like."""
        return links.media_url(self.public_url, row.project_id, row.id, self.link_secret)

    def own_recording(self, url: str) -> str | None:
        """A download URL of ours as the switch's path of that file; None for any other URL."""
        recording_id = links.recording_id(self.public_url, url, self.link_secret)
        row = self.store.recording(recording_id) if recording_id else None
        return self.switch_path(row) if row and row.deleted_at is None else None

    def put(self, row: Recording) -> None:
        """Commit a row that nobody needs to be told of; a broken store gets it later."""
        self.held.commit(PutRecording(row))

    def forget(self, row: Recording) -> None:
        """Take back a row of which nothing came, and nobody was told."""
        now = self.clock()
        self.put(replace(row, state=State.ERROR, ended_at=now, deleted_at=now))

    def announce(self, row: Recording) -> None:
        """Commit the row and, if somebody listens, the callback that says so: both or neither.

        A broken store gets them later: neither the recording nor the call waits for it. The end is
        told once, even where two processes come upon it: one whose call it was and which is late,
        and one that finishes what nobody seems to look after.
        """
        writes: list[Write] = [PutRecording(row)]
        final = State(row.state).final
        if row.status_url and (payload := self._payload(row)):
            # Several may see what becomes of a conference's recording.
            key = _key_of(row, "event") if final or of_conference(row) else None
            writes.append(
                self.outbox.put(
                    row.id,
                    row.status_url,
                    payload,
                    row.project_id,
                    key=key,
                    method=method_of(row),
                )
            )
        if form := form_callback(row):
            fields = recording_form(row, self.media_url(row))
            key = _key_of(row, "form") if final else None
            writes.append(
                self.outbox.put_form(
                    row.id,
                    form["url"],
                    fields,
                    row.project_id,
                    key=key,
                    method=form.get("method", "POST"),
                )
            )
        self.held.commit(*writes)
        self.told(row)

    def _payload(self, row: Recording) -> Payload | None:
        if FAX in row.options:
            return fax_event(row, timestamp=self.clock(), url=self.url(row))
        if of_conference(row):
            return conference_record_event(row, timestamp=self.clock(), url=self.url(row))
        return record_event(row, state=row.state, timestamp=self.clock(), url=self.url(row))


def _key_of(row: Recording, kind: str) -> str:
    """The id of a callback that several may make, the last one for one: all make the same."""
    moment = "end" if State(row.state).final else row.state
    return f"{row.id}-{kind}-{moment}"
