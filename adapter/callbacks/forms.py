"""Status callbacks as forms (LaML, "RecordingStatusCallback"): what its clients' servers expect.

Only recordings that were started, and calls that were made, through the LaML API have one.
"""

from collections.abc import Mapping
from typing import Any

from adapter.store.rows import CallLog, Recording

CONTENT_TYPE = "application/x-www-form-urlencoded"

STATUSES = {
    "starting": "queued",
    "recording": "in-progress",
    "paused": "paused",
    "stopping": "in-progress",
    "finished": "completed",
    "no_input": "absent",
    "error": "absent",
}
"""A recording's state in LaML's words: `absent` is one that nothing came of."""

SOURCE = "StartCallRecordingApi"


def form_callback(recording: Recording) -> Mapping[str, Any] | None:
    """`{url, events}` if this recording's states are told as forms, and this one is wanted."""
    wanted = recording.options.get("form_callback")
    told = wanted and STATUSES.get(recording.state) in wanted["events"]
    return wanted if told else None


def recording_form(recording: Recording, url: str) -> dict[str, str]:
    """The fields; `url` is where the recording can be had."""
    fields = {
        "AccountSid": recording.project_id,
        "CallSid": recording.call_id,
        "RecordingSid": recording.id,
        "RecordingUrl": url,
        "RecordingStatus": STATUSES[recording.state],
        "RecordingDuration": str(round(recording.duration or 0)),
        "RecordingChannels": "2" if recording.stereo else "1",
        "RecordingSource": SOURCE,
    }
    if recording.error_message:
        fields["ErrorMessage"] = recording.error_message
    return fields


CALL_STATUSES = {"created": "queued", "ringing": "ringing", "answered": "in-progress"}
_UNANSWERED = {
    "USER_BUSY": "busy",
    "CALL_REJECTED": "busy",
    "ALLOTTED_TIMEOUT": "no-answer",
    "NO_ANSWER": "no-answer",
    "NO_USER_RESPONSE": "no-answer",
    "SUBSCRIBER_ABSENT": "no-answer",
    "ORIGINATOR_CANCEL": "canceled",
}


def call_status(row: CallLog) -> str:
    """A call's state in LaML's words."""
    if row.state in CALL_STATUSES:
        return CALL_STATUSES[row.state]
    return "completed" if row.answered_at else _UNANSWERED.get(row.cause or "", "failed")


def call_form(row: CallLog, state: str) -> dict[str, str]:
    """The fields of a call's status callback."""
    talked = (row.ended_at or 0) - (row.answered_at or 0) if row.answered_at else 0
    fields = {
        "AccountSid": row.project_id,
        "ApiVersion": "2010-04-01",
        "CallSid": row.id,
        "CallStatus": "initiated" if state == "initiated" else call_status(row),
        "Direction": "outbound-api" if row.direction == "outbound" else row.direction,
        "From": row.caller,
        "To": row.called,
    }
    return fields | ({"CallDuration": str(round(talked))} if state == "ended" else {})
