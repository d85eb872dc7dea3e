"""What the OpenAPI description names: the shapes of answers, the pages of lists, the refusals."""

from __future__ import annotations

from typing import Any

from adapter.callbacks.forms import STATUSES
from adapter.web import laml, recordings

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
NULLABLE: Json = {"type": ["string", "null"]}
WHOLE: Json = {"type": "integer"}


def in_json(schema: Json) -> Json:
    """The content of a body."""
    return {"application/json": {"schema": schema}}


def named(name: str) -> Json:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def _rows(schema: str, name: str = "data", **others: Json) -> Json:
    return _object(**{name: {"type": "array", "items": named(schema)}}, **others)


def schemas() -> Json:
    """Every schema."""
    links = {"type": "object", "additionalProperties": TEXT}
    event = _object(
        event_at=TEXT,
        level={"enum": ["debug", "info", "warn", "error"]},
        name=TEXT,
        details={"type": "object"},
        project_id=TEXT,
        log_id=TEXT,
    )
    return {
        "Command": {
            **_object(command=TEXT, id=TEXT, params={"type": "object"}),
            "required": ["command"],
            "examples": [
                {"command": "calling.end", "id": "call id", "params": {}},
                {
                    "command": "dial",
                    "params": {
                        "from": "+15550001",
                        "to": "sip:bob@example.com",
                        "url": "https://…",
                    },
                },
            ],
        },
        "Call": _object(
            **{"id": TEXT, "from": TEXT, "to": TEXT, "direction": TEXT, "status": TEXT},
            duration=WHOLE,
            duration_ms=WHOLE,
            created_at=TEXT,
            parent_id=NULLABLE,
            type=TEXT,
        ),
        "Calls": _rows("Call", links=links),
        "CallEvents": _rows("CallEvent"),
        "CallEvent": event,
        "Recording": _object(
            id=TEXT,
            project_id=TEXT,
            created_at=TEXT,
            updated_at=TEXT,
            duration_in_seconds=WHOLE,
            status={"enum": sorted(set(STATUSES.values()))},
            url=TEXT,
            stereo={"type": "boolean"},
            byte_size={"type": ["integer", "null"]},
            track={"enum": ["inbound", "outbound", "both"]},
            error_code=NULLABLE,
        ),
        "Recordings": _rows("Recording", links=links),
        "Account": _object(sid=TEXT, friendly_name=TEXT, status=TEXT),
        "LamlRecording": _object(
            sid=TEXT, call_sid=TEXT, status=TEXT, duration=WHOLE, channels=WHOLE, uri=TEXT
        ),
        "LamlRecordings": _rows(
            "LamlRecording", "recordings", next_page_uri=NULLABLE, previous_page_uri=NULLABLE
        ),
        "LamlCall": _object(
            **{"sid": TEXT, "from": TEXT, "to": TEXT, "direction": TEXT, "status": TEXT},
            duration=TEXT,
            date_created=TEXT,
            end_time=NULLABLE,
            parent_call_sid=NULLABLE,
            uri=TEXT,
        ),
        "LamlCalls": _rows("LamlCall", "calls", next_page_uri=NULLABLE, previous_page_uri=NULLABLE),
        "Error": {"type": "object"},
    }


def parameters() -> Json:
    """How pages of lists are asked for."""
    families = {"rest": recordings.NAMES, "laml": laml.NAMES}
    size: Json = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}
    kinds = {"number": {"type": "integer", "minimum": 0}, "size": size, "token": TEXT}
    return {
        f"{family}_{kind}": {"name": getattr(names, kind), "in": "query", "schema": schema}
        for family, names in families.items()
        for kind, schema in kinds.items()
    }


def responses() -> Json:
    """Every refusal."""
    words = {
        "400": "The request is wrong.",
        "401": "The project's id or its token is wrong.",
        "403": "The link is not signed, or has expired.",
        "404": "There is no such thing, or it is another project's.",
        "409": "The recording is in progress.",
        "410": "The recording has been deleted.",
        "416": "There is no such part of the file.",
        "422": "It cannot be done; the body says why.",
        "503": "The store, or the process that has the call, does not answer.",
    }
    return {
        code: {"description": text, "content": in_json(named("Error"))}
        for code, text in words.items()
    }
