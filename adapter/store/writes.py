"""What can be committed: each write knows its statement and its values.

Values are made when the write is queued, in the caller: a value that cannot be stored fails its
own caller, before it has joined a batch with others.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import asdict
from pydantic_core import to_json

from adapter.store.errors import RowRefusedError
from adapter.store.rows import Callback, CallEvents, CallLog, CallPosition, Recording

Values = dict[str, Any]


class Write(Protocol):
    """A change of one row. `statement` names the SQL in `statements.py` that makes it."""

    @property
    def statement(self) -> str: ...

    def values(self) -> Values: ...


def _storable(values: Values) -> Values:
    """The values, with characters replaced that no database takes.

    A caller's name or a document can hold bytes that are not UTF-8 (as lone surrogates) and NUL:
    for neither may a recording be lost.
    """
    if can_be_stored("".join([value for value in values.values() if isinstance(value, str)])):
        return values
    return {
        name: _clean(value) if isinstance(value, str) else value for name, value in values.items()
    }


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


def _values(row: Struct) -> Values:
    return _storable(asdict(row))


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

    def values(self) -> Values:
        values = _values(self.recording)
        values["options"] = _json(values["options"], f"options of recording {values['id']}")
        return values


@dataclass(frozen=True, slots=True)
class DeleteRecording:
    """The recording's file is gone since `moment`; a row that says so already is left as it is."""

    id: str
    moment: float
    statement = "delete_recording"

    def values(self) -> Values:
        return {"recording_id": self.id, "moment": self.moment}


@dataclass(frozen=True, slots=True)
class PutDocument:
    """Keep a document's text by its content hash; one that is there stays as it is."""

    hash: str
    name: str
    source: str
    statement = "put_document"

    def values(self) -> Values:
        return _storable({"hash": self.hash, "name": self.name, "source": self.source})


@dataclass(frozen=True, slots=True)
class PutCall:
    """Insert the call's position, or replace the one with the same call id."""

    call: CallPosition
    statement = "put_call"

    def values(self) -> Values:
        values = _values(self.call)
        values["state"] = _json(values["state"], f"state of call {values['call_id']}")
        return values


@dataclass(frozen=True, slots=True)
class PutCallLog:
    """Insert what is known of a call, or replace it; answered and ended calls stay so."""

    call: CallLog
    statement = "put_call_log"

    def values(self) -> Values:
        return _values(self.call)


@dataclass(frozen=True, slots=True)
class AddCallEvents:
    """Add events to a call; a piece that is there already is left as it is."""

    piece: CallEvents
    statement = "add_call_events"

    def values(self) -> Values:
        return _values(self.piece)


@dataclass(frozen=True, slots=True)
class PutCallback:
    """Insert the callback. A callback with this id that is there already is left as it is."""

    callback: Callback
    statement = "put_callback"

    def values(self) -> Values:
        values = _values(self.callback)
        del values["position"]
        return values


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

    def values(self) -> Values:
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

    def values(self) -> Values:
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
