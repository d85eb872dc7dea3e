"""The JSON of status callbacks (SWML guide, "Status callbacks").

Two documented examples of `calling.call.record` disagree: one nests the facts in `params.record`,
the other puts them straight into `params`. Official clients read one or the other, so both are
sent.
"""

from typing import Any, Protocol

from adapter.store.rows import Recording

Payload = dict[str, Any]

# Times are Unix seconds to the millisecond, as in the documented examples.
_TIME_DIGITS = 3

STATES_WITH_FACTS = frozenset({"finished", "no_input"})


class Identified(Protocol):
    """A call's ids, as `CallIdentity` and a stored recording have them."""

    @property
    def call_id(self) -> str: ...
    @property
    def node_id(self) -> str: ...
    @property
    def event_channel(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    @property
    def space_id(self) -> str: ...


def call_event(event_type: str, of: Identified, timestamp: float, **params: Any) -> Payload:
    """What every status callback about a call is wrapped in. `timestamp` is in Unix seconds."""
    return {
        "event_type": event_type,
        "event_channel": of.event_channel,
        "timestamp": round(timestamp, _TIME_DIGITS),
        "project_id": of.project_id,
        "space_id": of.space_id,
        "params": {"call_id": of.call_id, "node_id": of.node_id, **params},
    }


def record_event(
    recording: Recording, *, state: str, timestamp: float, url: str | None = None
) -> Payload:
    """`calling.call.record`: `state` is recording, paused, finished, no_input or error.

    `url` is the download address, wanted for states that have a file. Facts that are not known
    are left out, never null.
    """
    params: dict[str, Any] = {"control_id": recording.control_id, "state": state}
    if state == "paused":
        params |= _known(pause_behavior=recording.pause_behavior)
    if state in STATES_WITH_FACTS:
        params |= _flat_facts(recording, url)
        params["record"] = _nested_facts(recording, url)
    if state == "error":
        params["recording_id"] = recording.id
        params["error"] = _error(recording)
    return call_event("calling.call.record", recording, timestamp, **params)


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
