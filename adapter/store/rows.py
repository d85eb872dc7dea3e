"""The rows of the store, as plain frozen values.

A row is a snapshot: to change one, make a new value with `msgspec.structs.replace` and put it.
Times are Unix times in seconds (float), None where the moment has not come. No row is part of a
cycle, so the garbage collector does not look at them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from msgspec import Struct

CONFERENCE = "conference"
"""Among a recording's options: of which conference it is, where it is none of a call."""

FAX = "fax"
"""Among a recording's options: what is known of it as a fax, where it is one."""

FAX_FORMATS = ("pdf", "tiff")
"""Formats of rows that are faxes."""

PAUSES = "pauses"
"""Among a recording's options: its pauses, if there were any (`adapter.recording.pauses`)."""

RATES = "rates"
"""Among a recording's options: its call's changes of rate (`adapter.recording.parts`)."""


class Recording(Struct, frozen=True, kw_only=True, gc=False):
    """One recording, from the moment it is asked for.

    `id` is ours (a uuid); `control_id` is the document's. `path` is relative to `recordings_dir`.
    `reason` is our own word for why it ended: the switch's completion cause does not tell a stop
    from a time limit. `duration` is in seconds, `size` in bytes. `options` holds all other
    parameters of the method and must be JSON.
    """

    id: str
    call_id: str
    node_id: str
    control_id: str
    project_id: str
    space_id: str
    event_channel: str
    state: str
    path: str
    created_at: float
    format: str = "wav"
    direction: str = "both"
    stereo: bool = False
    status_url: str | None = None
    reason: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    duration: float | None = None
    size: int | None = None
    truncated: bool = False
    error_code: str | None = None
    error_message: str | None = None
    deleted_at: float | None = None
    options: Mapping[str, Any] = {}

    @property
    def pause_behavior(self) -> str | None:
        """Of the pause that lasts: skip or silence."""
        behavior: str | None = (self.options.get(PAUSES) or {}).get("behavior")
        return behavior


class CallbackState(StrEnum):
    """Where a callback stands: `delivered` and `failed` are final."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Callback(Struct, frozen=True, kw_only=True, gc=False):
    """One status callback: the bytes to deliver, and how far delivery has come.

    `id` is sent as Idempotency-Key. `origin` is the receiver: its scheme, host and port. Callbacks
    of one `stream` reach a receiver in the order in which they were stored (`position`, given by
    the store). An adapter that is about to send takes a claim, so that
    no other one sends the same callback: `claimed_by` until `claimed_until`. `retried_at` is when
    somebody put it back after it had failed. One without a `content_type` has no body, and is a
    GET: all that it tells is in its `url`.
    """

    id: str
    stream: str
    project_id: str
    url: str
    origin: str
    body: bytes
    created_at: float
    next_attempt_at: float
    content_type: str = "application/json"
    state: str = CallbackState.PENDING
    attempts: int = 0
    last_status: int | None = None
    last_error: str | None = None
    finished_at: float | None = None
    claimed_by: str | None = None
    claimed_until: float | None = None
    retried_at: float | None = None
    position: int = 0

    def __repr__(self) -> str:
        """Without the address, which may hold a password, and the body."""
        return f"<callback {self.id} of {self.stream} to {self.origin}, {self.state}>"

    @property
    def patience_from(self) -> float:
        """From when giving up is counted: when it was stored, or put back by hand."""
        return self.created_at if self.retried_at is None else self.retried_at


class CallPosition(Struct, frozen=True, kw_only=True, gc=False):
    """Where a call stands in its document, so that another process can go on with it.

    `state` is the interpreter's own JSON value; the store does not look into it.
    """

    call_id: str
    session_id: str
    node_id: str
    worker: str
    state: Mapping[str, Any]
    updated_at: float
    ended_at: float | None = None


class CallLog(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one call, running or over.

    `kind` is phone, sip or webrtc; `state` created, ringing, answered, ending or ended; `cause`
    FreeSWITCH's hangup cause. `parent_id` is the call that dialled this one.
    """

    id: str
    project_id: str
    node_id: str
    kind: str
    direction: str
    caller: str
    called: str
    state: str
    created_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    cause: str | None = None
    parent_id: str | None = None


class CallEvents(Struct, frozen=True, kw_only=True, gc=False):
    """Some events of a call, in order: `events` are the keeper's own bytes.

    `number` orders the call's pieces and makes a repeated commit harmless.
    """

    call_id: str
    number: int
    events: bytes

    def __repr__(self) -> str:
        return f"<events {self.number} of call {self.call_id}>"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list that is ordered by creation, the newest first: that of one row.

    With `back`, what comes before it is wanted; else what follows.
    """

    created_at: float
    id: str
    back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLogFilter:
    """Which calls to list; a field that is None does not restrict."""

    project_id: str | None = None
    created_from: float | None = None
    created_before: float | None = None
    caller: str | None = None
    called: str | None = None
    state: str | None = None
    parent_id: str | None = None
    ended: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFilter:
    """Which recordings to list; a field that is None does not restrict."""

    call_id: str | None = None
    project_id: str | None = None
    states: tuple[str, ...] | None = None
    ended: bool | None = None
    ended_before: float | None = None
    created_from: float | None = None
    created_before: float | None = None
    deleted: bool | None = False
    faxes: bool | None = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Removable:
    """Which recordings may be removed: ended, there, and all their callbacks out.

    A field that is None does not restrict further.
    """

    format: str | None = None
    ended_before: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFilter:
    """Which callbacks to list; a field that is None does not restrict."""

    stream: str | None = None
    state: str | None = None
    origin: str | None = None
    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxCounts:
    """How much is waiting to be delivered, and since when."""

    pending: int
    failed: int
    oldest_created_at: float | None
