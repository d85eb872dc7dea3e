"""GET /api/voice/logs: the calls, one of them, and all that happened in it (Voice API, Logs)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import falcon

from adapter.config import Project
from adapter.control.leg import call_leg
from adapter.journal import events_of
from adapter.journal_text import Entry
from adapter.store.rows import CallLog, CallLogFilter
from adapter.store.store import Store
from adapter.web import paging
from adapter.web.auth import Gate
from adapter.web.errors import Invalid
from adapter.web.recordings import links

LOGS = "/api/voice/logs"
LOG = LOGS + "/{log_id}"
EVENTS = LOG + "/events"

DAY = timedelta(days=1)


def _refusal(name: str, problem: str) -> Invalid:
    return Invalid("invalid_parameter", f"{name} {problem}.", name)


NAMES = paging.Names("page_number", "page_size", "page_token", refuse=_refusal)


class VoiceLogs:
    """The list, newest first; `created_after`, `created_before` and `created_on` restrict it."""

    def __init__(self, gate: Gate, store: Store) -> None:
        self._gate = gate
        self._store = store

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        project = self._gate.project(req)
        asked = paging.wanted(req, NAMES)
        rows = self._store.call_logs(
            _filter(req, project), limit=asked.limit, offset=asked.offset, cursor=asked.cursor
        )
        page = paging.page(req, NAMES, asked, rows)
        resp.media = {"links": links(req, page), "data": [call_leg(row) for row in page.rows]}


class OneVoiceLog:
    """One call, or with the suffix `events` what happened in it."""

    def __init__(self, gate: Gate, store: Store) -> None:
        self._gate = gate
        self._store = store

    def on_get(self, req: falcon.Request, resp: falcon.Response, log_id: str) -> None:
        resp.media = call_leg(self._find(req, log_id))

    def on_get_events(self, req: falcon.Request, resp: falcon.Response, log_id: str) -> None:
        row = self._find(req, log_id)
        events = events_of(self._store.call_pieces(row.id))
        resp.media = {"data": [_event(entry, row) for entry in events]}

    def _find(self, req: falcon.Request, log_id: str) -> CallLog:
        project = self._gate.project(req)
        row = self._store.call_log(log_id)
        if row is None or row.project_id != project.id:
            raise falcon.HTTPNotFound
        return row


def _event(entry: Entry, row: CallLog) -> dict[str, Any]:
    moment = datetime.fromtimestamp(entry.at, UTC)
    return {
        "event_at": moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "level": entry.level,
        "name": entry.name,
        "details": entry.details,
        "project_id": row.project_id,
        "log_id": row.id,
    }


def _filter(req: falcon.Request, project: Project) -> CallLogFilter:
    after, before = _moment(req, "created_after"), _moment(req, "created_before")
    day = _moment(req, "created_on")
    if day is not None:
        begin = day.replace(hour=0, minute=0, second=0, microsecond=0)
        after, before = begin, begin + DAY
    return CallLogFilter(
        project_id=project.id,
        created_from=after.timestamp() if after else None,
        created_before=before.timestamp() if before else None,
    )


def _moment(req: falcon.Request, name: str) -> datetime | None:
    text = req.get_param(name)
    if not text:
        return None
    try:
        # A `+` before the zone comes as a blank where the client did not encode it.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        moment + DAY  # a day that has no next one is none either
    except (ValueError, OverflowError):
        raise _refusal(name, "is neither a date nor a time in ISO 8601") from None
    return moment
