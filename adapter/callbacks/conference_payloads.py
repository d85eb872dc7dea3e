"""The JSON of status callbacks about the recording of a conference (SWML reference,
join_conference): they share the type of the conference's other events."""

from __future__ import annotations

from typing import Any

from adapter.callbacks.address import Method
from adapter.callbacks.payloads import Payload, call_event
from adapter.store.rows import CONFERENCE, Recording

_STATUSES = {
    "recording": ("record-start", "in-progress"),
    "paused": ("record-pause", "in-progress"),
    "finished": ("record-stop", "completed"),
    "no_input": ("record-stop", "completed"),
    "error": ("record-stop", "absent"),
}
"""By state: what is told, and the event that must have been asked for."""

KINDS = frozenset(kind for _, kind in _STATUSES.values())


def of_conference(recording: Recording) -> bool:
    """Whether a whole conference is recorded, and not a call."""
    return CONFERENCE in recording.options


def method_of(recording: Recording) -> Method:
    """How the recording's states are told."""
    return "GET" if recording.options.get(CONFERENCE, {}).get("method") == "GET" else "POST"


def recording_facts(recording: Recording, url: str) -> dict[str, Any]:
    """What the end of a recording, and of its conference, says of the file."""
    if recording.size is None:
        return {}
    return {
        "recording_url": url,
        "recording_duration": recording.duration,
        "recording_file_size": recording.size,
    }


def conference_record_event(recording: Recording, *, timestamp: float, url: str) -> Payload | None:
    """`calling.conference` with a status `record-…`; None if nobody asked for it."""
    conference = recording.options[CONFERENCE]
    status, kind = _STATUSES.get(recording.state, ("", ""))
    if kind not in (conference.get("events") or KINDS):
        return None
    params: dict[str, Any] = {
        "name": conference["name"],
        "conference_id": recording.call_id,
        "status": status,
        "recording_id": recording.id,
    }
    if status == "record-stop":
        params |= recording_facts(recording, url)
    if recording.state == "error":
        params["error"] = {"code": recording.error_code, "message": recording.error_message}
    event = call_event("calling.conference", recording, timestamp, **params)
    event["params"]["call_id"] = conference["call_id"]
    return event
