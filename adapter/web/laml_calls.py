"""LaML's recordings of a running call: started, paused, resumed, stopped."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import falcon

from adapter.callbacks.address import AddressError, origin_of
from adapter.config import Project
from adapter.control import laml as commands
from adapter.store.rows import Recording
from adapter.store.store import Store
from adapter.web.auth import Gate
from adapter.web.calling import Commands
from adapter.web.errors import LamlInvalid, LamlNotFound
from adapter.web.laml import ACCOUNT, METHODS, choice, form, project_of, split
from adapter.web.laml_log import performed
from adapter.web.laml_recordings import LamlRecording, LamlRecordings, shown
from adapter.web.stored_recordings import StoredRecordings

RECORDINGS = ACCOUNT + "/Calls/{call_sid}/Recordings"
RECORDING = RECORDINGS + "/{name}"

CHANNELS = {"mono": False, "dual": True}
TRACKS = {"both": "both", "inbound": "speak", "outbound": "listen"}
STATUSES = {status: status for status in ("paused", "in-progress", "stopped")}
BEHAVIORS = {"silence": "silence", "skip": "skip"}
EVENTS = ("in-progress", "completed", "absent")


class LamlCallRecordings:
    """POST starts a recording; GET lists those of the call."""

    def __init__(
        self, gate: Gate, stored: StoredRecordings, store: Store, commands: Commands
    ) -> None:
        self._gate = gate
        self._list = LamlRecordings(gate, stored)
        self._store = store
        self._commands = commands

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, account: str, call_sid: str
    ) -> None:
        self._list.on_get(req, resp, account, call_sid)

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, account: str, call_sid: str
    ) -> None:
        project = project_of(self._gate, req, account)
        fields = form(req)
        control_id = str(uuid.uuid4())
        run(
            self._commands,
            project,
            call_sid,
            commands.RECORD,
            {
                "control_id": control_id,
                "stereo": choice(fields, "RecordingChannels", CHANNELS),
                "direction": choice(fields, "RecordingTrack", TRACKS),
                "form_callback": _callback(fields),
            },
        )
        row = self._store.find_recording(call_sid, control_id)
        if row is None:
            raise falcon.HTTPServiceUnavailable(description="The store does not answer yet.")
        resp.media = shown(row)
        resp.status = falcon.HTTP_201


class LamlCallRecording:
    """POST pauses, resumes or stops a recording; GET and DELETE as of any recording."""

    def __init__(
        self, gate: Gate, stored: StoredRecordings, one: LamlRecording, commands: Commands
    ) -> None:
        self._gate = gate
        self._stored = stored
        self._one = one
        self._commands = commands

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, account: str, call_sid: str, name: str
    ) -> None:
        resp.media = shown(self._find(req, account, call_sid, name)[1])

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, account: str, call_sid: str, name: str
    ) -> None:
        project, row = self._find(req, account, call_sid, name)
        fields = form(req)
        if not fields.get("Status"):
            raise LamlInvalid("Status", "is required")
        params = {
            "recording_id": row.id,
            "status": choice(fields, "Status", STATUSES),
            "behavior": choice(fields, "PauseBehavior", BEHAVIORS),
        }
        run(self._commands, project, call_sid, commands.UPDATE, params)
        now = shown(self._stored.find(project, row.id) or row)
        # What was done is stored a moment later; it is done all the same.
        resp.media = now if params["status"] == "stopped" else now | {"status": params["status"]}

    def on_delete(
        self, req: falcon.Request, resp: falcon.Response, account: str, call_sid: str, name: str
    ) -> None:
        self._find(req, account, call_sid, name)
        self._one.on_delete(req, resp, account, name)

    def _find(
        self, req: falcon.Request, account: str, call_sid: str, name: str
    ) -> tuple[Project, Recording]:
        project = project_of(self._gate, req, account)
        row = self._stored.find(project, split(name)[0])
        if row is None or row.call_id != call_sid:
            raise LamlNotFound
        return project, row


def run(
    commands: Commands, project: Project, call_sid: str, name: str, params: dict[str, Any]
) -> None:
    """Give a command; its failure as LaML says it."""
    performed(lambda: commands.run(project.id, call_sid, name, params))


def _callback(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """Where the states are told, and which; nowhere without an address."""
    url = (fields.get("RecordingStatusCallback") or [""])[-1].strip()
    method = choice(fields, "RecordingStatusCallbackMethod", METHODS)
    given = " ".join(fields.get("RecordingStatusCallbackEvent") or ["completed"]).split()
    unknown = [event for event in given if event not in EVENTS]
    if unknown:
        raise LamlInvalid(
            "RecordingStatusCallbackEvent", f"knows {', '.join(EVENTS)}, not {unknown[0][:60]!r}"
        )
    try:
        if url:
            origin_of(url)
    except AddressError as error:
        raise LamlInvalid("RecordingStatusCallback", str(error)) from None
    return {"url": url, "events": given if url else [], "method": method}
