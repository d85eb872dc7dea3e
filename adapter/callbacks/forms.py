"""Status callbacks as forms (LaML, "RecordingStatusCallback"): what its clients' servers expect.

Only recordings that were started through the LaML API have one.
"""

from collections.abc import Mapping
from typing import Any

from adapter.store.rows import Recording

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
