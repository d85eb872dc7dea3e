"""What happened to each call, written down for those who are asked why.

Every state of the call, step of its script, command to the switch and state of a recording, with
its time. An event is noted in memory, which costs a step about a microsecond, and written soon
after: the events of many calls in one transaction, a call's own in one row. What happened in the
last half second before we are killed is not written.

Secrets, digits and what is sent to other servers do not get in; long values are cut
(`journal_text`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import gevent
import structlog
from gevent.event import Event as Flag
from msgspec.structs import replace

from adapter.identity import CallIdentity
from adapter.journal_text import COMMAND, Entry, Level, packed, unpacked
from adapter.store.errors import StoreError
from adapter.store.rows import FAX, CallEvents, CallLog, Recording
from adapter.store.store import Store
from adapter.store.writes import AddCallEvents, PutCallLog, Write

log = structlog.get_logger()

GATHER_SECONDS = 0.5
"""How far the store may be behind: what is noted meanwhile shares a transaction."""

RETRY_SECONDS = 1.0
"""After the store has failed, how long it is left alone."""

CALLS_AT_ONCE = 20
"""Calls in one transaction: to make their events ready holds the event loop for a millisecond."""

MOST_EVENTS = 5_000
"""Events of one call that are written; a script may loop for hours."""

MOST_WAITING = 10_000
"""Calls that wait for a broken store; beyond that the events of the oldest are lost."""


class Journal:
    """One call's: what is known of it, and what is not written yet."""

    __slots__ = ("_count", "_dirty", "_entries", "_keeper", "_number", "_unsure", "row")

    def __init__(self, keeper: Journals, row: CallLog, *, known: bool) -> None:
        self.row = row
        self._keeper = keeper
        self._entries: list[Entry] = []
        self._unsure: list[CallEvents] = []
        self._dirty = not known
        self._number = 0
        self._count = 0

    def note(
        self, name: str, details: Mapping[str, Any] | None = None, level: Level = "info"
    ) -> None:
        """Something happened just now."""
        self._add(Entry(time.time(), level, name, details))

    def commands(self, batch: Sequence[bytes], reply: str) -> None:
        """The switch was told something; for `Call.observe`."""
        self._add(Entry(time.time(), "debug", COMMAND, (batch, reply)))

    def state(self, state: str, *, cause: str | None = None) -> None:
        """The call is in another state; `cause` is FreeSWITCH's, at its end."""
        if self.row.state in (state, "ended"):
            return
        now = time.time()
        moment: dict[str, Any] = {}
        if state == "answered":
            moment = {"answered_at": now}
        elif state == "ended":
            moment = {"ended_at": now, "cause": cause}
        self.row = replace(self.row, state=state, **moment)
        self._dirty = True
        details = {"call_state": state, **({"cause": cause} if cause else {})}
        self._add(Entry(now, "info", "calling.call.state", details), always=True)

    def close(self) -> None:
        """Nothing more will be noted here: the call is over, or goes on elsewhere."""
        self._keeper.close(self)

    # -- for the keeper --------------------------------------------------------------------------

    def writes(self) -> list[Write]:
        """What is not written yet. Until `written`, the same comes again."""
        if self._entries:
            self._unsure.append(self._piece())
        puts: list[Write] = [PutCallLog(self.row)] if self._dirty else []
        self._dirty = False
        return [*puts, *map(AddCallEvents, self._unsure)]

    def written(self) -> None:
        """The writes are in the store."""
        self._unsure.clear()

    def failed(self) -> None:
        """The writes may not be in the store."""
        self._dirty = True

    def _add(self, entry: Entry, *, always: bool = False) -> None:
        self._count += 1
        if self._count > MOST_EVENTS and not always:
            if self._count > MOST_EVENTS + 1:
                return
            entry = Entry(entry.at, "warn", "log.full", {"events": MOST_EVENTS})
        self._entries.append(entry)
        self._keeper.changed(self)

    def _piece(self) -> CallEvents:
        entries, self._entries = self._entries, []
        self._number = max(self._number + 1, int(entries[0].at * 1e6))
        return CallEvents(call_id=self.row.id, number=self._number, events=packed(entries))


class Journals:
    """The journals of all calls of this process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[str, Journal] = {}
        self._changed: dict[str, Journal] = {}
        self._wake = Flag()
        self._stopping = False
        self._writer = gevent.spawn(self._run)
        self._writer.name = "journals"

    def open(
        self,
        identity: CallIdentity,
        call: Mapping[str, Any],
        *,
        resumed: bool,
        dialled: bool = False,
    ) -> Journal:
        """The journal of a call that begins here, or goes on here. `call` is SWML's object.

        A call that we `dialled` is known since then.
        """
        row = self._known(identity.call_id) if resumed or dialled else None
        journal = Journal(self, row or _row(identity, call), known=row is not None)
        self._open[identity.call_id] = journal
        if resumed:
            journal.note("call.resumed")
        else:
            journal.note("calling.call.state", {"call_state": journal.row.state})
        return journal

    def of(self, call_id: str) -> Journal | None:
        """The journal of a call that this process has in hand."""
        return self._open.get(call_id)

    def recording(self, row: Recording) -> None:
        """A recording is in another state; its call may be long over."""
        details = {
            "state": row.state,
            "control_id": row.control_id,
            "recording_id": row.id,
            "reason": row.reason,
            "duration": row.duration,
            "error": row.error_message,
        }
        known = {name: value for name, value in details.items() if value is not None}
        level: Level = "error" if row.state == "error" else "info"
        kind = "fax" if FAX in row.options else "record"
        self.note(row.call_id, f"calling.call.{kind}", known, level)

    def note(
        self, call_id: str, name: str, details: Mapping[str, Any], level: Level = "info"
    ) -> None:
        """Something happened to a call, whoever has it in hand."""
        journal = self._open.get(call_id)
        if journal is not None:
            journal.note(name, details, level)
            return
        try:
            self._store.commit(event_of(call_id, name, details, level))
        except StoreError as error:
            log.warning("an event of a call could not be written", reason=str(error))

    def flush(self, journal: Journal) -> None:
        """Write what is known of a call, and wait for it; with a broken store it comes later."""
        self._changed.pop(journal.row.id, None)
        self._write([journal])

    def changed(self, journal: Journal) -> None:
        """Something is to be written."""
        self._changed[journal.row.id] = journal
        self._wake.set()

    def close(self, journal: Journal) -> None:
        """The call is not in this process's hand any more."""
        if self._open.get(journal.row.id) is journal:
            del self._open[journal.row.id]

    def stop(self) -> None:
        """Write what is left; to be called before the store is closed."""
        self._writer.kill()
        self._write_changed()

    def _known(self, call_id: str) -> CallLog | None:
        try:
            return self._store.call_log(call_id)
        except StoreError as error:
            log.warning("what is known of a call could not be read", reason=str(error))
            return None

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            gevent.sleep(GATHER_SECONDS)
            if not self._write_changed():
                gevent.sleep(RETRY_SECONDS)

    def _write_changed(self) -> bool:
        changed, self._changed = list(self._changed.values()), {}
        parts = range(0, len(changed), CALLS_AT_ONCE)
        done = [self._write(changed[start : start + CALLS_AT_ONCE]) for start in parts]
        return all(done)

    def _write(self, journals: list[Journal]) -> bool:
        try:
            self._store.commit(*(write for journal in journals for write in journal.writes()))
        except StoreError as error:
            log.warning("what happened in calls waits for the store", reason=str(error))
            self._keep(journals)
            return False
        for journal in journals:
            journal.written()
        return True

    def _keep(self, journals: list[Journal]) -> None:
        for journal in journals:
            journal.failed()
            if len(self._changed) < MOST_WAITING:
                self.changed(journal)


def event_of(
    call_id: str, name: str, details: Mapping[str, Any], level: Level = "info"
) -> AddCallEvents:
    """Something that happened just now to a call that nobody has in hand, to be written."""
    entry = Entry(time.time(), level, name, details)
    number = int(entry.at * 1e6)
    return AddCallEvents(CallEvents(call_id=call_id, number=number, events=packed([entry])))


def events_of(pieces: Sequence[CallEvents]) -> list[Entry]:
    """A call's events as they were written, in the order of time."""
    entries = [entry for piece in pieces for entry in unpacked(piece.events)]
    return sorted(entries, key=lambda entry: entry.at)


def _row(identity: CallIdentity, call: Mapping[str, Any]) -> CallLog:
    state = str(call["call_state"])
    now = time.time()
    return CallLog(
        id=identity.call_id,
        project_id=identity.project_id,
        node_id=identity.node_id,
        kind=str(call["type"]),
        direction=str(call["direction"]),
        caller=str(call["from"]),
        called=str(call["to"]),
        state=state,
        created_at=now,
        answered_at=now if state == "answered" else None,
    )
