"""GET and DELETE /api/relay/rest/recordings (SignalWire's REST API, Recordings)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import falcon

from adapter.callbacks.forms import STATUSES
from adapter.control.leg import iso_time
from adapter.store.rows import Recording
from adapter.web import paging
from adapter.web.auth import Gate
from adapter.web.errors import Unprocessable
from adapter.web.stored_recordings import (
    TRACKS,
    StillRunningError,
    StoredRecordings,
    changed_at,
)

RECORDINGS = "/api/relay/rest/recordings"
RECORDING = RECORDINGS + "/{recording_id}"

NAMES = paging.Names(
    "page_number",
    "page_size",
    "page_token",
    refuse=lambda name, problem: Unprocessable(f"{name} {problem}"),
)

_LEGS = {"phone": "relay_pstn_leg_id", "sip": "relay_sip_leg_id", "webrtc": "relay_webrtc_leg_id"}


class Recordings:
    """The list."""

    def __init__(self, gate: Gate, stored: StoredRecordings) -> None:
        self._gate = gate
        self._stored = stored

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        project = self._gate.project(req)
        asked = paging.wanted(req, NAMES)
        page = paging.page(req, NAMES, asked, self._stored.rows(project, asked))
        kinds = self._stored.kinds(page.rows)
        resp.media = {
            "links": links(req, page),
            "data": [shown(row, self._stored.url(row), kinds) for row in page.rows],
        }


class OneRecording:
    """One recording."""

    def __init__(self, gate: Gate, stored: StoredRecordings) -> None:
        self._gate = gate
        self._stored = stored

    def on_get(self, req: falcon.Request, resp: falcon.Response, recording_id: str) -> None:
        row = self._find(req, recording_id)
        resp.media = shown(row, self._stored.url(row), self._stored.kinds([row]))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, recording_id: str) -> None:
        row = self._find(req, recording_id)
        try:
            self._stored.delete(row)
        except StillRunningError:
            raise Unprocessable(
                "The recording is in progress: stop it first.", title="Recording in progress"
            ) from None
        resp.status = falcon.HTTP_204

    def _find(self, req: falcon.Request, recording_id: str) -> Recording:
        row = self._stored.find(self._gate.project(req), recording_id)
        if row is None:
            raise falcon.HTTPNotFound
        return row


def links(req: falcon.Request, page: paging.Page[Any]) -> dict[str, str]:
    """The pages around; `next` and `prev` are absent at the ends."""
    here = f"?{req.query_string}" if req.query_string else page.first
    every = {"self": here, "first": page.first, "next": page.next, "prev": page.prev}
    return {name: req.path + query for name, query in every.items() if query}


def shown(row: Recording, url: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    """A recording as the API shows it."""
    return {
        "id": row.id,
        "project_id": row.project_id,
        "created_at": iso_time(row.created_at),
        "updated_at": iso_time(changed_at(row)),
        "duration_in_seconds": round(row.duration or 0),
        "error_code": row.error_code,
        "price": 0.0,
        "price_unit": "USD",
        "status": STATUSES[row.state],
        "url": url,
        "stereo": row.stereo,
        "byte_size": row.size,
        "track": TRACKS.get(row.direction, "both"),
        _LEGS.get(kinds.get(row.call_id, ""), "relay_sip_leg_id"): row.call_id,
    }
