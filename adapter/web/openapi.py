"""GET /openapi.json and GET /api: the REST APIs described, and a page to try them in a browser.

The page is one file of this package: it loads nothing from anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

import falcon

from adapter.web import (
    calling,
    laml,
    laml_calls,
    laml_log,
    laml_recordings,
    recordings,
    voice_logs,
)
from adapter.web.openapi_parts import (
    TEXT,
    Json,
    in_json,
    named,
    parameters,
    responses,
    schemas,
)

DESCRIPTION = "/openapi.json"
PAGE = "/api"

# The page's own script and style stand in it; it talks to the server that it came from.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_LOCATION = {"in": "path", "required": True, "schema": TEXT}


class Description:
    """The OpenAPI document of this adapter; `commands` are those that calls can be given."""

    def __init__(self, public_url: str, commands: frozenset[str]) -> None:
        self._document = document(public_url, commands)

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = self._document


class Page:
    """The page to try the APIs."""

    def __init__(self) -> None:
        self._text = files("adapter.web").joinpath("api.html").read_text("utf-8")

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        resp.content_type = falcon.MEDIA_HTML
        resp.set_header("Content-Security-Policy", _POLICY)
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.text = self._text


def document(public_url: str, commands: frozenset[str]) -> Json:
    """The description in OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "swml-freeswitch",
            "version": _version(),
            "description": "Calls, recordings and the call log, as SignalWire's clients ask for"
            " them. User name: a project's id; password: its token. Clients that stay connected"
            " (RELAY) open a WebSocket at / and speak JSON-RPC 2.0: docs/clients/relay.md.",
        },
        "servers": [{"url": public_url}],
        "security": [{"project": []}],
        "paths": _paths(sorted({"dial", *commands})),
        "components": {
            "securitySchemes": {"project": {"type": "http", "scheme": "basic"}},
            "schemas": schemas(),
            "parameters": parameters(),
            "responses": responses(),
        },
    }


def _version() -> str:
    try:
        return version("swml-freeswitch")
    except PackageNotFoundError:
        return "0"


def _paths(commands: list[str]) -> Json:
    paths: Json = {
        calling.CALLS: {"post": _command(commands)},
        recordings.RECORDINGS: {"get": _list("Recordings", "recordings", "Recording", "rest")},
        recordings.RECORDING: {
            "get": _one("One recording", "recordings", "Recording", "recording_id"),
            "delete": _delete("recordings", "recording_id", refused="422"),
        },
        voice_logs.LOGS: {"get": _logs()},
        voice_logs.LOG: {"get": _one("One call", "call log", "Call", "log_id")},
        voice_logs.EVENTS: {
            "get": _one("What happened in a call", "call log", "CallEvents", "log_id")
        },
        "/api/v1/recordings/{recording_id}/download": {"get": _download()},
    }
    return paths | {f"/api/laml{path}": item for path, item in _laml_paths().items()}


def _laml_paths() -> Json:
    update = {"Status": list(laml_calls.STATUSES), "PauseBehavior": list(laml_calls.BEHAVIORS)}
    start = {
        "RecordingChannels": list(laml_calls.CHANNELS),
        "RecordingTrack": list(laml_calls.TRACKS),
        "RecordingStatusCallback": None,
        "RecordingStatusCallbackEvent": None,
        "RecordingStatusCallbackMethod": list(laml.METHODS),
    }
    dialled = {
        **dict.fromkeys((*laml_log.FIELDS, "Twiml", "StatusCallbackEvent")),
        "Method": list(laml.METHODS),
        "StatusCallbackMethod": list(laml.METHODS),
    }
    changed = {
        "Status": list(laml_log.ENDINGS),
        "Url": None,
        "Method": list(laml.METHODS),
        "FallbackUrl": None,
        "Twiml": None,
    }
    call = laml_log.CALL.replace("{call_sid}", "{sid}.json")
    one = laml_recordings.RECORDING.replace("{name}", "{sid}.json")
    of_call = laml_calls.RECORDING.replace("{name}", "{sid}.json")
    return {
        laml.ACCOUNT: {"get": _laml("The account", "Account", "account")},
        laml_recordings.RECORDINGS: {
            "get": _laml("Recordings", "LamlRecordings", "account", pages=True)
        },
        one: {
            "get": _laml("One recording", "LamlRecording", "account", "sid"),
            "delete": _delete("LaML", "account", "sid", refused="409"),
        },
        laml_log.CALLS: {
            "get": _laml("Calls", "LamlCalls", "account", pages=True),
            "post": _laml("Make a call", "LamlCall", "account", form=dialled, code="201"),
        },
        call: {
            "get": _laml("One call", "LamlCall", "account", "sid"),
            "post": _laml("End a call, or redirect it", "LamlCall", "account", "sid", form=changed),
        },
        laml_calls.RECORDINGS: {
            "get": _laml("Recordings of a call", "LamlRecordings", "account", "call_sid"),
            "post": _laml(
                "Start a recording", "LamlRecording", "account", "call_sid", form=start, code="201"
            ),
        },
        of_call: {
            "get": _laml("One recording of a call", "LamlRecording", "account", "call_sid", "sid"),
            "post": _laml(
                "Pause, resume or stop", "LamlRecording", "account", "call_sid", "sid", form=update
            ),
        },
    }


def _command(commands: list[str]) -> Json:
    return {
        "tags": ["calls"],
        "summary": "Give a command to a call",
        "requestBody": {"required": True, "content": in_json(named("Command"))},
        "responses": _answers("Call", "400", "422", "503"),
        "description": f"Commands: {', '.join(commands)}.",
    }


def _list(summary: str, tag: str, schema: str, family: str) -> Json:
    return {
        "tags": [tag],
        "summary": summary,
        "parameters": _pages(family),
        "responses": _answers(f"{schema}s", "422", "503", found=False),
    }


def _logs() -> Json:
    moments = [
        _query(name, "a date or a time in ISO 8601")
        for name in ("created_after", "created_before", "created_on")
    ]
    listed = _list("Calls, newest first", "call log", "Call", "rest")
    return listed | {"parameters": [*listed["parameters"], *moments]}


def _one(summary: str, tag: str, schema: str, name: str) -> Json:
    return {
        "tags": [tag],
        "summary": summary,
        "parameters": [{"name": name, **_LOCATION}],
        "responses": _answers(schema, "503"),
    }


def _delete(tag: str, *names: str, refused: str) -> Json:
    answers = {name: _response(name) for name in ("401", "404", refused, "503")}
    return {
        "tags": [tag],
        "summary": "Delete a recording",
        "parameters": [{"name": name, **_LOCATION} for name in names],
        "responses": {"204": {"description": "It is deleted."}, **answers},
    }


def _download() -> Json:
    sound = {"schema": {"type": "string", "contentMediaType": "audio/wav"}}
    content = dict.fromkeys(("audio/wav", "audio/mpeg", "audio/mp4"), sound)
    others = ("403", "404", "409", "410", "416", "503")
    return {
        "tags": ["recordings"],
        "summary": "The file",
        "security": [],
        "parameters": [
            {"name": "recording_id", **_LOCATION},
            _query("sig", "of a signed link"),
        ],
        "responses": {
            "200": {"description": "The whole file.", "content": content},
            "206": {"description": "A part of it.", "content": content},
            **{name: _response(name) for name in others},
        },
    }


def _laml(
    summary: str,
    schema: str,
    *names: str,
    form: Mapping[str, list[str] | None] | None = None,
    pages: bool = False,
    code: str = "200",
) -> Json:
    operation: Json = {
        "tags": ["LaML"],
        "summary": summary,
        "parameters": [{"name": name, **_LOCATION} for name in names],
        "responses": _answers(schema, "400", "503", code=code),
    }
    if pages or "LamlRecordings" in schema:
        operation["parameters"] += _pages("laml")
    if form:
        properties = {
            name: {**TEXT, **({"enum": values} if values else {})} for name, values in form.items()
        }
        kind = "application/x-www-form-urlencoded"
        schema_of_form = {"type": "object", "properties": properties}
        operation["requestBody"] = {"content": {kind: {"schema": schema_of_form}}}
    return operation


def _answers(schema: str, *others: str, found: bool = True, code: str = "200") -> Json:
    refusals = ("401", *(("404",) if found else ()), *others)
    if schema == "Account" or schema.startswith("Laml"):
        refusals = tuple(dict.fromkeys((*refusals, "404")))
    return {
        code: {"description": "Done.", "content": in_json(named(schema))},
        **{name: _response(name) for name in refusals},
    }


def _pages(family: str) -> list[Json]:
    names = (f"{family}_{kind}" for kind in ("number", "size", "token"))
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _query(name: str, what: str) -> Json:
    return {"name": name, "in": "query", "description": what, "schema": TEXT}


def _response(name: str) -> Json:
    return {"$ref": f"#/components/responses/{name}"}
