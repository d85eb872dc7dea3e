"""The LaML API's common part: accounts, names with an extension, forms, times.

LaML is SignalWire's form of another vendor's API: forms in, JSON out, each resource with and
without `.json`, an account's id in every path. It is served below `/api/laml` and, for clients
that leave that out, at the root.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

import falcon

from adapter.config import Project
from adapter.web import paging
from adapter.web.auth import Gate
from adapter.web.errors import LamlInvalid, LamlNotFound

PREFIXES = ("/api/laml", "")
VERSION = "2010-04-01"
ACCOUNT = f"/{VERSION}/Accounts/{{account}}"
JSON = ".json"
METHODS = {method: method for method in ("POST", "GET")}
"""How documents are fetched and callbacks told."""

NAMES = paging.Names("Page", "PageSize", "PageToken", refuse=LamlInvalid)


class Account:
    """GET the account: who asks, if the token is right."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def on_get(self, req: falcon.Request, resp: falcon.Response, account: str) -> None:
        project = project_of(self._gate, req, account.removesuffix(JSON))
        uri = f"/api/laml/{VERSION}/Accounts/{project.id}"
        resp.media = {
            "sid": project.id,
            "friendly_name": project.id,
            "status": "active",
            "type": "Full",
            "owner_account_sid": project.id,
            "date_created": None,
            "date_updated": None,
            "uri": uri,
            "subresource_uris": {"recordings": f"{uri}/Recordings"},
        }


def listing(req: falcon.Request, asked: paging.Wanted, page: paging.Page[Any]) -> dict[str, Any]:
    """What every list says of its page."""
    here = f"?{req.query_string}" if req.query_string else ""
    return {
        "uri": req.path + here,
        "first_page_uri": req.path + page.first,
        "next_page_uri": req.path + page.next if page.next else None,
        "previous_page_uri": req.path + page.prev if page.prev else None,
        "page": asked.number,
        "page_size": asked.size,
        "start": asked.number * asked.size,
        "end": asked.number * asked.size + max(0, len(page.rows) - 1),
    }


def project_of(gate: Gate, req: falcon.Request, account: str) -> Project:
    """The project that asks, which must be the one of the path; raises 401, 404."""
    project = gate.project(req)
    if project.id != account:
        raise LamlNotFound
    return project


def split(name: str) -> tuple[str, str]:
    """`<sid>.json` as (sid, `json`); without an extension it is empty."""
    sid, dot, extension = name.rpartition(".")
    return (sid, extension.lower()) if dot else (name, "")


def wants_json(req: falcon.Request, extension: str) -> bool:
    """Whether a recording's data are asked for and not its sound."""
    plain = extension == "" and "json" in req.accept
    return extension == "json" or plain


def form(req: falcon.Request) -> dict[str, list[str]]:
    """A form's fields, or those of a JSON object; each may be there several times."""
    body = req.bounded_stream.read()
    if "json" in (req.content_type or ""):
        return _json_fields(body)
    return parse_qs(body.decode(errors="replace"), keep_blank_values=True)


def _json_fields(body: bytes) -> dict[str, list[str]]:
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise falcon.HTTPBadRequest(description="The body is not a JSON object.")
    return {
        name: [str(item) for item in (value if isinstance(value, list) else [value])]
        for name, value in given.items()
        if value is not None
    }


def choice(fields: Mapping[str, list[str]], name: str, choices: Mapping[str, Any]) -> Any:
    """What the field chooses, the first of the choices if it is not there; raises 400."""
    values = fields.get(name) or [next(iter(choices))]
    chosen = values[-1].strip()
    if chosen not in choices:
        raise LamlInvalid(name, f"must be one of {', '.join(choices)}")
    return choices[chosen]


def time_text(moment: float | None) -> str | None:
    """`Tue, 25 Sep 2018 23:00:00 +0000`."""
    return None if moment is None else format_datetime(datetime.fromtimestamp(moment, UTC))
