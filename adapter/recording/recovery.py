"""Recordings whose call's connection is gone: found, finished or declared failed. None stays open.

A recording is in hand while a call of this process looks after it. All others that the store
believes alive are looked at when the adapter starts, whenever a switch (`nodes`) comes up, when a
switch reports their end, and now and then:

    switch                                         →  what is done
    records it (`uuid_buglist`,                       nothing: its call may come back to us
    `conference … recording check`)
    has the call, or not, and does not record it      finished by the file's facts
    is down                                           looked at when it is back
    is none of `nodes`                                finished once the file grows no more

A WAV whose writer died has sizes of nothing in its header: it is repaired, and the callback says
`truncated: true`. What has left no file is an `error`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import gevent
import structlog
from gevent.event import Event as Flag

from adapter import metrics
from adapter.freeswitch import commands, conferences, faxes
from adapter.freeswitch.errors import CommandFailed, SwitchError
from adapter.recording.conclusion import concluded
from adapter.recording.options import ID_VARIABLE
from adapter.recording.state import State
from adapter.store.errors import StoreError
from adapter.store.rows import CONFERENCE, FAX

if TYPE_CHECKING:
    from adapter.freeswitch.node import Node
    from adapter.freeswitch.wire import Event
    from adapter.recording.archive import Archive
    from adapter.store.rows import Recording

log = structlog.get_logger()

EVENTS = ("RECORD_STOP",)
"""What a node is asked to report."""

GRACE_SECONDS = 2.0
"""A recording that young is another process's to finish."""

SUSPECT_SECONDS = 6.0
"""So is one that was seen to have ended so recently: its call's process gives itself five seconds
to close it, and a busy machine needs them."""

SWEEP_SECONDS = 15.0
"""How often all of them are looked at, whatever is reported."""

QUIET_SECONDS = 60.0
"""Without a node to ask: a file that has not grown for so long has no writer. A running recording
grows by 64 kB at a time, which is four seconds of 8 kHz mono."""

PAUSED_SECONDS = 4 * 3600.0
"""The same for a paused recording, which does not grow: as long as a call may be."""


class Recovery:
    """Finishes the recordings that nobody looks after any more."""

    def __init__(
        self, archive: Archive, finish_fax: Callable[[Recording], Recording] | None = None
    ) -> None:
        """`finish_fax` sees to a fax whose end nobody saw, its callback included."""
        self._archive = archive
        self._finish_fax = finish_fax
        self._nodes: Sequence[Node] = ()
        self._suspects: dict[str, float] = {}
        self._wake = Flag()
        self._greenlet: gevent.Greenlet | None = None

    def start(self, nodes: Sequence[Node] = ()) -> None:
        """Begin to look after them, and ask these switches."""
        self._nodes = nodes
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.name = "recording recovery"

    def stop(self) -> None:
        """End; what is unfinished is found again at the next start."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def look(self) -> None:
        """Something may have ended: look soon."""
        self._wake.set()

    def on_event(self, event: Event) -> None:
        """A node's report (for Node)."""
        recording_id = event.get(f"Recording-Variable-{ID_VARIABLE}")
        if recording_id and recording_id not in self._archive.in_hand:
            self.look()

    def sweep(self) -> None:
        """Look at every unfinished recording once."""
        for row in self._archive.unfinished():
            if row.id in self._archive.in_hand:
                continue
            try:
                if self._has_ended(row) and self._was_suspected(row.id):
                    self._finish(row)
            except SwitchError as error:
                log.info("a switch could not be asked", node=row.node_id, reason=str(error))

    def _was_suspected(self, recording_id: str) -> bool:
        """Whether this is not the first look: another process may just be finishing it."""
        now = time.monotonic()
        first = self._suspects.setdefault(recording_id, now)
        if now - first < SUSPECT_SECONDS:
            self.look()
            return False
        del self._suspects[recording_id]
        return True

    def _run(self) -> None:
        while True:
            gevent.sleep(GRACE_SECONDS)
            self._wake.clear()
            try:
                self.sweep()
            except StoreError as error:
                log.warning("recordings wait for the store", reason=str(error))
            except Exception:
                log.exception("looking after recordings failed inside the adapter")
            self._wake.wait(timeout=SWEEP_SECONDS)

    # -- has it ended? -------------------------------------------------------------------------

    def _has_ended(self, row: Recording) -> bool:
        if time.time() - row.created_at < GRACE_SECONDS:
            return False
        node = next((node for node in self._nodes if node.name == row.node_id), None)
        if node is None:
            # Of several switches one that was never up has no name yet: it may be this one.
            return all(node.name for node in self._nodes) and self._is_quiet(row)
        return node.up and not self._is_recorded_by(node, row)

    def _is_recorded_by(self, node: Node, row: Recording) -> bool:
        made_of = row.options.get(CONFERENCE)
        try:
            if FAX in row.options:
                applications = (faxes.RECEIVE, faxes.SEND)
                return node.api(faxes.running(row.call_id)).strip() in applications
            if made_of:
                running = node.api(conferences.recordings(made_of["room"]))
            else:
                running = node.api(commands.api("uuid_buglist", commands.word(row.call_id)))
        except CommandFailed:
            return False  # there is no such call or conference
        return self._archive.switch_path(row) in running

    def _is_quiet(self, row: Recording) -> bool:
        # A fax's file does not grow while the machines agree, nor within a page.
        slow = row.state == State.PAUSED or FAX in row.options
        patience = PAUSED_SECONDS if slow else QUIET_SECONDS
        try:
            changed = self._archive.path(row).stat().st_mtime
        except OSError:
            changed = row.created_at
        return time.time() - changed > patience

    # -- finish it -----------------------------------------------------------------------------

    def _finish(self, row: Recording) -> None:
        latest = self._archive.store.recording(row.id)
        if latest is None or State(latest.state).final:
            return  # another process was quicker
        finished = self._finished(latest)
        log.warning(
            "recording finished without its call",
            recording_id=row.id,
            call_id=row.call_id,
            state=finished.state,
            truncated=finished.truncated,
        )

    def _finished(self, row: Recording) -> Recording:
        if FAX in row.options and self._finish_fax is not None:
            return self._finish_fax(row)
        finished = concluded(self._archive, row)
        metrics.count_recording(finished.state, finished.error_code)
        self._archive.announce(finished)
        return finished
