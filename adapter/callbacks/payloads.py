"""The JSON of status callbacks (SWML guide, "Status callbacks").

Two documented examples of `calling.call.record` disagree: one nests the facts in `params.record`,
the other puts them straight into `params`. Official clients read one or the other, so both are
sent.
"""

from collections.abc import Mapping
from typing import Any

from adapter.identity import CallIdentity
from adapter.store.rows import Recording

Payload = dict[str, Any]

# Times are Unix seconds to the millisecond, as in the documented examples.
_TIME_DIGITS = 3

STATES_WITH_FACTS = frozenset({"finished", "no_input"})


def envelope(
    event_type: str,
    params: Mapping[str, Any],
    *,
    event_channel: str,
    project_id: str,
    space_id: str,
    timestamp: float,
) -> Payload:
    """What every status callback of a method is wrapped in. `timestamp` is in Unix seconds."""
    return {
        "event_type": event_type,
        "event_channel": event_channel,
        "timestamp": round(timestamp, _TIME_DIGITS),
        "project_id": project_id,
        "space_id": space_id,
        "params": dict(params),
    }


def record_event(
    recording: Recording, *, state: str, timestamp: float, url: str | None = None
) -> Payload:
    """`calling.call.record`: `state` is recording, paused, finished, no_input or error.

    `url` is the download address, wanted for states that have a file. Facts that are not known
    are left out, never null.
    """
    params: dict[str, Any] = {
        "call_id": recording.call_id,
        "node_id": recording.node_id,
        "control_id": recording.control_id,
        "state": state,
    }
    if state in STATES_WITH_FACTS:
        params |= _flat_facts(recording, url)
        params["record"] = _nested_facts(recording, url)
    if state == "error":
        params["recording_id"] = recording.id
        params["error"] = _error(recording)
    return envelope(
        "calling.call.record",
        params,
        event_channel=recording.event_channel,
        project_id=recording.project_id,
        space_id=recording.space_id,
        timestamp=timestamp,
    )


def play_event(
    *,
    call_id: str,
    node_id: str,
    control_id: str,
    state: str,
    event_channel: str,
    project_id: str,
    space_id: str,
    timestamp: float,
) -> Payload:
    """`calling.call.play`: `state` is playing, paused, finished or error."""
    params = {"call_id": call_id, "node_id": node_id, "control_id": control_id, "state": state}
    return envelope(
        "calling.call.play",
        params,
        event_channel=event_channel,
        project_id=project_id,
        space_id=space_id,
        timestamp=timestamp,
    )


def collect_event(
    identity: CallIdentity, *, control_id: str, result: Mapping[str, Any], timestamp: float
) -> Payload:
    """`calling.call.collect`: `result` has a `type` and, for digits and speech, `params`."""
    params = {
        "call_id": identity.call_id,
        "node_id": identity.node_id,
        "control_id": control_id,
        "result": dict(result),
    }
    return envelope(
        "calling.call.collect",
        params,
        event_channel=identity.event_channel,
        project_id=identity.project_id,
        space_id=identity.space_id,
        timestamp=timestamp,
    )


def warning_event(
    identity: CallIdentity, *, code: str, message: str, step: str, timestamp: float
) -> Payload:
    """`calling.script.warning`: its payload is documented nowhere; `params` says what is known."""
    params = {
        "call_id": identity.call_id,
        "node_id": identity.node_id,
        "code": code,
        "message": message,
        "step": step,
    }
    return envelope(
        "calling.script.warning",
        params,
        event_channel=identity.event_channel,
        project_id=identity.project_id,
        space_id=identity.space_id,
        timestamp=timestamp,
    )


def _flat_facts(recording: Recording, url: str | None) -> dict[str, Any]:
    return _known(
        url=url,
        duration=recording.duration,
        size=recording.size,
        recording_id=recording.id,
        start_time=_moment(recording.started_at),
        end_time=_moment(recording.ended_at),
    )


def _nested_facts(recording: Recording, url: str | None) -> dict[str, Any]:
    audio = {
        "format": recording.format,
        "direction": recording.direction,
        "stereo": recording.stereo,
    }
    return _known(
        url=url,
        duration=recording.duration,
        size=recording.size,
        format=recording.format,
        audio=audio,
        truncated=True if recording.truncated else None,
    )


def _error(recording: Recording) -> dict[str, Any]:
    return {
        "code": recording.error_code or "recording_failed",
        "message": recording.error_message or "The recording failed.",
    }


def _moment(value: float | None) -> float | None:
    return None if value is None else round(value, _TIME_DIGITS)


def _known(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
