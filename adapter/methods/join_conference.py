"""`join_conference`: join a conference and wait until left (SWML reference, join_conference)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import TRUE_OR_FALSE, Parameters


class ConferenceStream(Parameters):
    """The conference's sound sent to a WebSocket."""

    url: str = Field(description="wss:// address")
    name: str | None = Field(None, description="name of the stream")
    codec: str | None = Field(None, description="codec")
    status_url: str | None = Field(None, description="where its status is told")
    status_url_method: Literal["GET", "POST"] = Field("POST", description="how it is told")
    realtime: bool = Field(False, description="in both directions")
    authorization_bearer_token: str | None = Field(None, description="token to send")
    custom_parameters: dict[str, Any] | None = Field(None, description="sent first")


class JoinConference(Parameters):
    """Talk with others."""

    name: str = Field(description="name of the conference")
    muted: bool = Field(False, description="enter muted")
    beep: Annotated[Literal["true", "false", "onEnter", "onExit"], TRUE_OR_FALSE] = Field(
        "true", description="when to beep"
    )
    start_on_enter: bool = Field(True, description="start the conference by entering")
    end_on_exit: bool = Field(False, description="end the conference by leaving")
    wait_url: str | None = Field(None, description="document or media heard before the start")
    max_participants: int = Field(100_000, ge=2, le=100_000, description="most participants")
    record: Literal["do-not-record", "record-from-start"] = Field(
        "do-not-record", description="whether to record"
    )
    region: Literal["global", "us", "eu", "ch"] | None = Field(None, description="where to mix")
    trim: Literal["trim-silence", "do-not-trim"] = Field(
        "trim-silence", description="silence at the ends of the recording"
    )
    coach: str | None = Field(None, description="call that alone hears this one")
    status_callback: str | None = Field(None, description="where events are told")
    status_callback_event: str | None = Field(
        None, description="start end join leave mute hold modify speaker announcement"
    )
    status_callback_event_type: Literal["cxml", "laml", "relay"] | None = Field(
        None, description="form of the events"
    )
    status_callback_method: Literal["GET", "POST"] = Field("POST", description="how")
    recording_status_callback: str | None = Field(None, description="where recordings are told")
    recording_status_callback_event: str | None = Field(
        None, description="in-progress completed absent"
    )
    recording_status_callback_event_type: Literal["cxml", "laml", "relay"] | None = Field(
        None, description="form of the recording events"
    )
    recording_status_callback_method: Literal["GET", "POST"] = Field("POST", description="how")
    stream: ConferenceStream | None = Field(None, description="send the sound to a WebSocket")


SPEC = MethodSpec(
    "join_conference",
    JoinConference,
    Shorthand(scalar="name"),
    branch="join_conference_result",
)
