"""The JSON of the events."""

from typing import Any

import pytest
from msgspec.structs import replace

from adapter.callbacks.payloads import call_event, record_event
from adapter.identity import CallIdentity
from adapter.store.rows import Recording

RECORDING = Recording(
    id="rec-1",
    call_id="call-1",
    node_id="node-1",
    control_id="ctl-1",
    project_id="project-1",
    space_id="space-1",
    event_channel="swml:session-1",
    state="recording",
    path="a.wav",
    created_at=1640000000.0,
    format="wav",
    direction="speak",
    stereo=False,
)
ENDED = replace(
    RECORDING,
    state="finished",
    started_at=1640000000.1234,
    ended_at=1640000015.6234,
    duration=15.5,
    size=248320,
)
URL = "https://example.com/api/v1/recordings/rec-1/download"
NOW = 1640000016.98765


def params(recording: Recording, state: str, url: str | None = None) -> dict[str, Any]:
    event = record_event(recording, state=state, timestamp=NOW, url=url)
    found: dict[str, Any] = event["params"]
    return found


def test_envelope() -> None:
    event = record_event(RECORDING, state="recording", timestamp=NOW)
    assert event == {
        "event_type": "calling.call.record",
        "event_channel": "swml:session-1",
        "timestamp": 1640000016.988,
        "project_id": "project-1",
        "space_id": "space-1",
        "params": {
            "call_id": "call-1",
            "node_id": "node-1",
            "control_id": "ctl-1",
            "state": "recording",
        },
    }


def test_finished_has_both_documented_forms() -> None:
    facts = {"url": URL, "duration": 15.5, "size": 248320}
    assert params(ENDED, "finished", URL) == {
        "call_id": "call-1",
        "node_id": "node-1",
        "control_id": "ctl-1",
        "state": "finished",
        **facts,
        "recording_id": "rec-1",
        "start_time": 1640000000.123,
        "end_time": 1640000015.623,
        "record": {
            **facts,
            "format": "wav",
            "audio": {"format": "wav", "direction": "speak", "stereo": False},
        },
    }


@pytest.mark.parametrize("state", ["recording", "paused"])
def test_facts_only_once_ended(state: str) -> None:
    assert set(params(ENDED, state, URL)) == {"call_id", "node_id", "control_id", "state"}


@pytest.mark.parametrize("behavior", ["skip", "silence"])
def test_a_pause_says_what_becomes_of_its_time(behavior: str) -> None:
    paused = replace(ENDED, options={"pauses": {"behavior": behavior, "since": 1.0}})
    assert params(paused, "paused")["pause_behavior"] == behavior
    assert "pause_behavior" not in params(paused, "recording")


def test_no_input_without_a_file_leaves_out_what_is_not_known() -> None:
    found = params(replace(ENDED, duration=None, size=None, started_at=None), "no_input")
    assert found["recording_id"] == "rec-1"
    assert not {"url", "duration", "size", "start_time"} & set(found)
    assert not {"url", "duration", "size"} & set(found["record"])


def test_facts_that_are_zero_are_facts() -> None:
    found = params(replace(ENDED, duration=0.0, size=0), "no_input", URL)
    assert (found["duration"], found["size"]) == (0.0, 0)
    assert (found["record"]["duration"], found["record"]["size"]) == (0.0, 0)


def test_repaired_file_says_so() -> None:
    assert "truncated" not in params(ENDED, "finished", URL)["record"]
    repaired = params(replace(ENDED, truncated=True), "finished", URL)
    assert repaired["record"]["truncated"] is True


def test_error_says_why() -> None:
    failed = replace(ENDED, error_code="disk_full", error_message="No space left.")
    found = params(failed, "error", URL)
    assert found["error"] == {"code": "disk_full", "message": "No space left."}
    assert "record" not in found
    assert params(ENDED, "error")["error"]["code"] == "recording_failed"


def test_call_event() -> None:
    identity = CallIdentity("call-1", "node-1", "swml:session-1", "project-1", "space-1")
    event = call_event("calling.call.play", identity, NOW, control_id="ctl-1", state="playing")
    assert event["event_type"] == "calling.call.play"
    assert event["event_channel"] == "swml:session-1"
    assert event["params"] == {
        "call_id": "call-1",
        "node_id": "node-1",
        "control_id": "ctl-1",
        "state": "playing",
    }
