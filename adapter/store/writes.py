"""What can be committed: each write knows its statement and its values.

Values are made when the write is queued, in the caller: a value that cannot be stored fails its
own caller, before it has joined a batch with others.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

import sqlalchemy as sa
from msgspec.structs import replace
from pydantic_core import to_json

from adapter.store import tables
from adapter.store.errors import RowRefusedError
from adapter.store.rows import Callback, CallEvents, CallLog, CallPosition, Recording

Row = tuple[Any, ...]
"""A whole row, in the order of the table's columns; without what the database numbers itself."""

Values = Row | dict[str, Any]
"""What is inserted, or what an update needs, by the names of its parameters."""


class Write(Protocol):
    """A change of one row. `statement` names the SQL in `statements.py` that makes it."""

    @property
    def statement(self) -> str: ...

    def values(self) -> Values: ...


def _storable(row: Row) -> Row:
    """The row, with characters replaced that no database takes.

    A caller's name or a document can hold bytes that are not UTF-8 (as lone surrogates) and NUL:
    for neither may a recording be lost.
    """
    if can_be_stored("".join([value for value in row if isinstance(value, str)])):
        return row
    return tuple(_clean(value) if isinstance(value, str) else value for value in row)


def can_be_stored(text: str) -> bool:
    """Whether a database takes the text as it is; what it does not take is in no row."""
    return "\0" not in text and (text.isascii() or _is_unicode(text))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "?")


def _in_order(table: sa.Table, *, numbered: str = "") -> Callable[[Any], Row]:
    """Takes a row's values out of its struct, whose fields have the names of the columns."""
    take: Callable[[Any], Row] = attrgetter(*(c.name for c in table.c if c.name != numbered))
    return take


_recording, _call, _call_log, _call_events = map(
    _in_order, (tables.recordings, tables.calls, tables.call_logs, tables.call_events)
)
_callback = _in_order(tables.callbacks, numbered="position")


def _json(value: Mapping[str, Any], what: str) -> str:
    try:
        return to_json(value, inf_nan_mode="constants").decode()
    except ValueError:  # a lone surrogate, or what is no JSON at all
        return _json_slowly(value, what)


def _json_slowly(value: Mapping[str, Any], what: str) -> str:
    try:
        return json.dumps(value, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise RowRefusedError(f"{what} is not JSON and cannot be stored: {error}") from error


@dataclass(frozen=True, slots=True)
class PutRecording:
    """Insert the recording, or replace the one with the same id."""

    recording: Recording
    statement = "put_recording"

    def values(self) -> Row:
        row = self.recording
        options = _json(row.options, f"options of recording {row.id}")
        return _storable(_recording(replace(row, options=options)))


@dataclass(frozen=True, slots=True)
class DeleteRecording:
    """The recording's file is gone since `moment`; a row that says so already is left as it is."""

    id: str
    moment: float
    statement = "delete_recording"

    def values(self) -> dict[str, Any]:
        return {"recording_id": self.id, "moment": self.moment}


@dataclass(frozen=True, slots=True)
class PutDocument:
    """Keep a document's text by its content hash; one that is there stays as it is."""

    hash: str
    name: str
    source: str
    statement = "put_document"

    def values(self) -> Row:
        return _storable((self.hash, self.name, self.source))


@dataclass(frozen=True, slots=True)
class PutCall:
    """Insert the call's position, or replace the one with the same call id."""

    call: CallPosition
    statement = "put_call"

    def values(self) -> Row:
        state = _json(self.call.state, f"state of call {self.call.call_id}")
        return _storable(_call(replace(self.call, state=state)))


@dataclass(frozen=True, slots=True)
class PutCallLog:
    """Insert what is known of a call, or replace it; answered and ended calls stay so."""

    call: CallLog
    statement = "put_call_log"

    def values(self) -> Row:
        return _storable(_call_log(self.call))


@dataclass(frozen=True, slots=True)
class AddCallEvents:
    """Add events to a call; a piece that is there already is left as it is."""

    piece: CallEvents
    statement = "add_call_events"

    def values(self) -> Row:
        return _storable(_call_events(self.piece))


@dataclass(frozen=True, slots=True)
class PutCallback:
    """Insert the callback. A callback with this id that is there already is left as it is."""

    callback: Callback
    statement = "put_callback"

    def values(self) -> Row:
        return _storable(_callback(self.callback))


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishCallback:
    """The callback was delivered or has failed for good; nothing changes it any more."""

    id: str
    state: str
    attempts: int
    finished_at: float
    last_status: int | None = None
    last_error: str | None = None
    statement = "finish_callback"

    def values(self) -> dict[str, Any]:
        return {
            "callback_id": self.id,
            "state": self.state,
            "attempts": self.attempts,
            "finished_at": self.finished_at,
            "last_status": self.last_status,
            "last_error": self.last_error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryCallback:
    """The attempt failed: try again at `next_attempt_at`.

    Only the holder of the claim can say so: when a lease has expired and another adapter has
    taken the callback over, its attempt is the one that counts. The stream's later callbacks
    to this receiver move to the same moment: what is blocked by this one is not looked at.
    """

    id: str
    stream: str
    origin: str
    worker: str
    attempts: int
    next_attempt_at: float
    last_status: int | None = None
    last_error: str | None = None
    statement = "retry_callback"

    def values(self) -> dict[str, Any]:
        return {
            "callback_id": self.id,
            "in_stream": self.stream,
            "to_origin": self.origin,
            "worker": self.worker,
            "attempts": self.attempts,
            "next_attempt_at": self.next_attempt_at,
            "moment": self.next_attempt_at,
            "last_status": self.last_status,
            "last_error": self.last_error,
        }
