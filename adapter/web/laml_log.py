"""LaML's calls: listed and shown from the call log, made by `dial`, ended and redirected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import falcon

from adapter.callbacks.address import Method
from adapter.callbacks.forms import call_status
from adapter.config import Project
from adapter.control import errors as control
from adapter.control.states import LAML_EVENTS
from adapter.store.rows import CallLog, CallLogFilter
from adapter.store.store import Store
from adapter.web import paging
from adapter.web.auth import Gate
from adapter.web.calling import Commands
from adapter.web.errors import LamlError, LamlInvalid, LamlNotFound
from adapter.web.laml import (
    ACCOUNT,
    METHODS,
    NAMES,
    VERSION,
    choice,
    form,
    listing,
    project_of,
    split,
    time_text,
)
from adapter.web.laml_script import NotLamlError, as_swml

CALLS = ACCOUNT + "/Calls"
CALL = CALLS + "/{call_sid}"

STATUSES = {
    "queued": "created",
    "ringing": "ringing",
    "in-progress": "answered",
    "completed": "ended",
}
DIRECTIONS = {"inbound": "inbound", "outbound": "outbound-api"}
FIELDS = {
    "To": "to",
    "From": "from",
    "Url": "url",
    "FallbackUrl": "fallback_url",
    "CallerId": "caller_id",
    "Timeout": "timeout",
    "SendDigits": "send_digits",
    "StatusCallback": "status_url",
}
"""The parameters of `dial`, by their names here."""

ENDINGS = {"completed": "completed", "canceled": "canceled"}


class Dial(Protocol):
    """Makes a call of a project; raises `ControlError`s."""

    def __call__(
        self, project: Project, params: Mapping[str, Any], /, *, form: Method | None = None
    ) -> dict[str, Any]: ...


class LamlCalls:
    """GET lists, newest first (`Status`, `To`, `From` restrict it); POST makes a call."""

    def __init__(self, gate: Gate, store: Store, dial: Dial) -> None:
        self._gate = gate
        self._store = store
        self._dial = dial

    def on_get(self, req: falcon.Request, resp: falcon.Response, account: str) -> None:
        project = project_of(self._gate, req, account)
        asked = paging.wanted(req, NAMES)
        rows = self._store.call_logs(
            _filter(req, project), limit=asked.limit, offset=asked.offset, cursor=asked.cursor
        )
        page = paging.page(req, NAMES, asked, rows)
        resp.media = listing(req, asked, page) | {"calls": [shown(row) for row in page.rows]}

    def on_post(self, req: falcon.Request, resp: falcon.Response, account: str) -> None:
        project = project_of(self._gate, req, account)
        fields = form(req)
        params, method = _dialled(fields), choice(fields, "StatusCallbackMethod", METHODS)
        leg = performed(lambda: self._dial(project, params, form=method))
        row = self._store.call_log(leg["id"])
        if row is None:
            raise falcon.HTTPServiceUnavailable(description="The store does not answer yet.")
        resp.media = shown(row)
        resp.status = falcon.HTTP_201


class LamlCall:
    """GET shows a call; POST ends it (`Status`) or gives it another document (`Url`, `Twiml`)."""

    def __init__(self, gate: Gate, store: Store, commands: Commands) -> None:
        self._gate = gate
        self._store = store
        self._commands = commands

    def on_get(
        self, req: falcon.Request, resp: falcon.Response, account: str, call_sid: str
    ) -> None:
        resp.media = shown(self._find(project_of(self._gate, req, account), split(call_sid)[0]))

    def on_post(
        self, req: falcon.Request, resp: falcon.Response, account: str, call_sid: str
    ) -> None:
        project = project_of(self._gate, req, account)
        row = self._find(project, split(call_sid)[0])
        command, params = _update(row.id, form(req))
        leg = performed(lambda: self._commands.run(project.id, row.id, command, params))
        # What was done is stored a moment later; it is done all the same.
        status = {"status": "completed"} if leg["status"] == "ended" and row.answered_at else {}
        resp.media = shown(self._store.call_log(row.id) or row) | status

    def _find(self, project: Project, sid: str) -> CallLog:
        row = self._store.call_log(sid)
        if row is None or row.project_id != project.id:
            raise LamlNotFound
        return row


def shown(row: CallLog) -> dict[str, Any]:
    """A call as LaML shows it."""
    uri = f"/api/laml/{VERSION}/Accounts/{row.project_id}/Calls/{row.id}"
    talked = (row.ended_at or row.answered_at or 0) - (row.answered_at or 0)
    return {
        "sid": row.id,
        "account_sid": row.project_id,
        "api_version": VERSION,
        "parent_call_sid": row.parent_id,
        "phone_number_sid": None,
        "caller_name": None,
        "forwarded_from": None,
        "answered_by": None,
        "annotation": None,
        "group_sid": None,
        "to": row.called,
        "to_formatted": row.called,
        "from": row.caller,
        "from_formatted": row.caller,
        "direction": "outbound-dial"
        if row.parent_id
        else DIRECTIONS.get(row.direction, row.direction),
        "status": call_status(row),
        "date_created": time_text(row.created_at),
        "date_updated": time_text(row.ended_at or row.answered_at or row.created_at),
        "start_time": time_text(row.answered_at or row.created_at),
        "end_time": time_text(row.ended_at),
        "duration": str(round(talked)),
        "price": None,
        "price_unit": "USD",
        "uri": f"{uri}.json",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def _direction(row: CallLog) -> str:
    """Who made it: the API, or the document of another call."""
    return "outbound-dial" if row.parent_id else DIRECTIONS.get(row.direction, row.direction)


def performed(do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a command answers; its failure as LaML says it."""
    try:
        return do()
    except control.UnknownCall:
        raise LamlNotFound from None
    except control.CallEnded:
        raise LamlError(400, 21220, "The call is not in progress") from None
    except control.Unavailable as error:
        raise falcon.HTTPServiceUnavailable(description=str(error), retry_after=2) from None
    except control.ControlError as error:
        raise LamlError(400, 21220, str(error)) from None


def _dialled(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """The parameters of `dial`."""
    params: dict[str, Any] = {
        name: fields[field][-1].strip() for field, name in FIELDS.items() if fields.get(field)
    }
    params["url_method"] = choice(fields, "Method", METHODS)
    params |= _script(fields)
    given = " ".join(fields.get("StatusCallbackEvent") or ["completed"]).split()
    if unknown := [event for event in given if event not in LAML_EVENTS]:
        known = ", ".join(LAML_EVENTS)
        raise LamlInvalid("StatusCallbackEvent", f"knows {known}, not {unknown[0][:60]!r}")
    return params | {"status_events": [LAML_EVENTS[event] for event in given]}


def _script(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """The document that is given as text, if any."""
    text = (fields.get("Twiml") or fields.get("Laml") or [""])[-1].strip()
    try:
        return {"swml": as_swml(text)} if text else {}
    except NotLamlError as error:
        raise LamlInvalid("Twiml", str(error)) from None


def _update(call_id: str, fields: Mapping[str, list[str]]) -> tuple[str, dict[str, Any]]:
    """The command that does it, and its parameters."""
    if fields.get("Status"):
        if choice(fields, "Status", ENDINGS) == "completed":
            return "calling.end", {}
        return "update", {"id": call_id, "status": "canceled"}
    method = choice(fields, "Method", METHODS)
    if script := _script(fields):
        return "update", {"id": call_id, **script}
    if not fields.get("Url"):
        raise LamlInvalid("Url", "is required, or Twiml, or Status")
    fallback = (fields.get("FallbackUrl") or [""])[-1].strip() or None
    url = fields["Url"][-1].strip()
    params = {"id": call_id, "url": url, "url_method": method, "fallback_url": fallback}
    return "update", params


def _filter(req: falcon.Request, project: Project) -> CallLogFilter:
    wanted = CallLogFilter(
        project_id=project.id,
        called=req.get_param("To") or None,
        caller=req.get_param("From") or None,
        parent_id=req.get_param("ParentCallSid") or None,
    )
    status = req.get_param("Status")
    if not status:
        return wanted
    if status not in STATUSES:
        raise LamlInvalid("Status", f"must be one of {', '.join(STATUSES)}")
    return replace(wanted, state=STATUSES[status])
