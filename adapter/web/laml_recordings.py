"""LaML's recordings: listed, shown, heard, deleted.

The sound itself is public where links are not signed, as at SignalWire; where they are, the
signature of the link or the project's token opens it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import falcon

from adapter.callbacks.forms import SOURCE, STATUSES
from adapter.store.rows import Recording, RecordingFilter
from adapter.web import paging
from adapter.web.auth import Gate
from adapter.web.downloads import Download
from adapter.web.errors import LamlError, LamlInvalid, LamlNotFound
from adapter.web.laml import (
    ACCOUNT,
    NAMES,
    VERSION,
    listing,
    project_of,
    split,
    time_text,
    wants_json,
)
from adapter.web.stored_recordings import StillRunningError, StoredRecordings, changed_at

RECORDINGS = ACCOUNT + "/Recordings"
RECORDING = RECORDINGS + "/{name}"

DAY = timedelta(days=1)


class LamlRecordings:
    """The list: `CallSid`, `DateCreated`, `DateCreated<`, `DateCreated>` restrict it."""

    def __init__(self, gate: Gate, stored: StoredRecordings) -> None:
        self._gate = gate
        self._stored = stored

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, account: str, call_sid: str | None = None
    ) -> None:
        """All of the account, or those of a call."""
        project = project_of(self._gate, req, account)
        asked = paging.wanted(req, NAMES)
        wanted = _filter(req, call_sid)
        rows = [] if req.get_param("ConferenceSid") else self._stored.rows(project, asked, wanted)
        page = paging.page(req, NAMES, asked, rows)
        resp.media = listing(req, asked, page) | {"recordings": [shown(row) for row in page.rows]}


class LamlRecording:
    """One recording: its data as `.json`, its sound as `.wav`, `.mp3`, `.mp4` or by its sid."""

    def __init__(self, gate: Gate, stored: StoredRecordings, download: Download) -> None:
        self._gate = gate
        self._stored = stored
        self._download = download

    def on_get(self, req: falcon.Request, resp: falcon.Response, account: str, name: str) -> None:
        sid, extension = split(name)
        if wants_json(req, extension):
            resp.media = shown(self._find(req, account, sid))
        else:
            self._check_sound(account, sid, extension)
            trusted = self._gate.knows(req, account)
            self._download.on_get(req, resp, sid, trusted=trusted)

    def on_head(self, req: falcon.Request, resp: falcon.Response, account: str, name: str) -> None:
        sid, extension = split(name)
        self._check_sound(account, sid, extension)
        self._download.on_head(req, resp, sid, trusted=self._gate.knows(req, account))

    def on_delete(
        self, req: falcon.Request, resp: falcon.Response, account: str, name: str
    ) -> None:
        row = self._find(req, account, split(name)[0])
        try:
            self._stored.delete(row)
        except StillRunningError:
            raise LamlError(
                409, 20409, "The recording is in progress: stop it before it is deleted"
            ) from None
        resp.status = falcon.HTTP_204

    def _find(self, req: falcon.Request, account: str, sid: str) -> Recording:
        row = self._stored.find(project_of(self._gate, req, account), sid)
        if row is None:
            raise LamlNotFound
        return row

    def _check_sound(self, account: str, sid: str, extension: str) -> None:
        """A recording of this account in this format; deleted ones too, which are gone (410)."""
        row = self._stored.any(sid)
        if row is None or row.project_id != account:
            raise LamlNotFound
        if extension not in ("", row.format):
            raise LamlError(
                404, 20404, f"The recording was made as {row.format}: ask for .{row.format}"
            )


def shown(row: Recording) -> dict[str, Any]:
    """A recording as LaML shows it."""
    uri = f"/api/laml/{VERSION}/Accounts/{row.project_id}/Recordings/{row.id}"
    channels = 2 if row.stereo else 1
    return {
        "sid": row.id,
        "account_sid": row.project_id,
        "api_version": VERSION,
        "call_sid": row.call_id,
        "conference_sid": None,
        "channel": str(channels),
        "channels": channels,
        "date_created": time_text(row.created_at),
        "date_updated": time_text(changed_at(row)),
        "start_time": time_text(row.started_at),
        "end_time": time_text(row.ended_at),
        "duration": round(row.duration or 0),
        "price": None,
        "price_unit": "USD",
        "source": SOURCE if row.options.get("form_callback") else "RecordVerb",
        "status": STATUSES[row.state],
        "error_code": row.error_code,
        "uri": f"{uri}.json",
        "subresource_uris": {"transcriptions": f"{uri}/Transcriptions.json"},
        "encryption_details": None,
        "trim": "do-not-trim",
    }


def _filter(req: falcon.Request, call_sid: str | None) -> RecordingFilter:
    wanted = RecordingFilter(call_id=call_sid or req.get_param("CallSid"))
    if on := _day(req, "DateCreated"):
        return replace(wanted, created_from=_begin(on), created_before=_begin(on + DAY))
    after, before = _day(req, "DateCreated>"), _day(req, "DateCreated<")
    return replace(
        wanted,
        created_from=_begin(after) if after else None,
        created_before=_begin(before + DAY) if before else None,
    )


def _day(req: falcon.Request, name: str) -> date | None:
    text = req.get_param(name)
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).date()
        day + DAY
    except (ValueError, OverflowError):
        raise LamlInvalid(name, "must be a date, YYYY-MM-DD") from None
    return day


def _begin(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
