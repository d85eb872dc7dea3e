"""The JSON about the recording of a conference."""

import pytest
from msgspec.structs import replace

from adapter.callbacks.conference_payloads import conference_record_event
from adapter.store.rows import Recording

URL = "https://example.com/api/v1/recordings/rec-1/download"
RECORDING = Recording(
    id="rec-1",
    call_id="conference-1",
    node_id="node-1",
    control_id="rec-1",
    project_id="project-1",
    space_id="space-1",
    event_channel="swml:session-1",
    state="recording",
    path="rec-1.wav",
    created_at=1640000000.0,
    options={"conference": {"name": "team", "room": "team", "call_id": "call-1", "events": []}},
)


def asked_for(recording: Recording, *events: str) -> Recording:
    conference = {**recording.options["conference"], "events": list(events)}
    return replace(recording, options={"conference": conference})


def test_it_begins() -> None:
    event = conference_record_event(RECORDING, timestamp=1.0, url=URL)
    assert event
    assert event["event_type"] == "calling.conference"
    assert event["params"] == {
        "call_id": "call-1",
        "node_id": "node-1",
        "name": "team",
        "conference_id": "conference-1",
        "status": "record-start",
        "recording_id": "rec-1",
    }


def test_it_ends_with_its_file() -> None:
    ended = replace(RECORDING, state="finished", duration=300.0, size=4800000)
    event = conference_record_event(ended, timestamp=1.0, url=URL)
    assert event
    assert event["params"]["status"] == "record-stop"
    assert event["params"]["recording_url"] == URL
    assert event["params"]["recording_duration"] == 300.0
    assert event["params"]["recording_file_size"] == 4800000


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("recording", "in-progress"),
        ("paused", "in-progress"),
        ("finished", "completed"),
        ("error", "absent"),
    ],
)
def test_only_what_was_asked_for(state: str, kind: str) -> None:
    for asked in ("in-progress", "completed", "absent"):
        row = asked_for(replace(RECORDING, state=state), asked)
        told = conference_record_event(row, timestamp=1.0, url=URL)
        assert (told is not None) is (asked == kind)


def test_nobody_is_told_of_one_that_is_about_to_start() -> None:
    row = replace(RECORDING, state="starting")
    assert conference_record_event(row, timestamp=1.0, url=URL) is None


def test_why_there_is_none() -> None:
    failed = replace(RECORDING, state="error", error_code="file_missing", error_message="no file")
    event = conference_record_event(failed, timestamp=1.0, url=URL)
    assert event
    assert event["params"]["error"] == {"code": "file_missing", "message": "no file"}
    assert "recording_url" not in event["params"]
