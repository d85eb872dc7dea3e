"""`join_conference`: join a conference and wait until left (SWML reference, join_conference).

document                  switch
join_conference      →    uuid_answer             if nothing has answered the call yet
                     →    conference NAME@PROFILE+flags{moderator|wait-mod|mute|endconf}
record-from-start    →    conference NAME recording start

A conference starts with its first participant of `start_on_enter`; until then the others hear
`wait_url` or the switch's music. What else a stay consists of is in `adapter.conferences`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from adapter.conferences.announcer import Announcer
from adapter.conferences.entry import CannotJoin, Entry
from adapter.conferences.listeners import Listener
from adapter.conferences.participant import Participant
from adapter.conferences.recordings import Wish
from adapter.freeswitch.errors import UnsafeValue
from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import TRUE_OR_FALSE, Parameters

MOST = 100_000
"""Participants, where nothing is said of them."""

ENTER_BEEP = "tone_stream://%(180,0,660,880)"
EXIT_BEEP = "tone_stream://%(180,0,550,440)"


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
    max_participants: int = Field(MOST, ge=2, le=MOST, description="most participants")
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

LIMITS = {
    "region": "ignored: the switch that has the call mixes",
    "trim": "what stays below -40 dB at an end is cut off, but for a tenth of a second",
    "stream": "ignored: FreeSWITCH sends no conference to a WebSocket",
    "status_callback_event_type": "ignored: always the JSON of `relay`",
    "recording_status_callback_event_type": "ignored: always the JSON of `relay`",
}

ONCE = True
"""Where it stands is stored before the call enters: a stay is not begun twice if we die."""


def perform(context: Context, params: JoinConference) -> Result:
    """Enter, and return when the call has left."""
    try:
        take_part(context, params)
    except CannotJoin as error:
        failed = {"join_conference_result": "failed", "return_value": "failed"}
        return Result(failed, error=ScriptError(Code.EXECUTE_FAILED, f"join_conference: {error}"))
    return Result({"join_conference_result": "completed", "return_value": "completed"})


def take_part(context: Context, params: JoinConference) -> None:
    """One call's stay in a conference; raises `CannotJoin` and `ScriptError`."""
    call, identity, shared = context.call, context.identity, context.shared
    stay = f"{identity.event_channel}/{context.step}"
    heard = context.clients.tell
    announcer = Announcer(params.name, identity, shared.outbox, shared.held, stay=stay, heard=heard)
    entry = _entry(context, params)
    call.answer()
    recordings = shared.conferences.recordings(call)
    record = _wish(params, entry.room)
    Participant(call, entry, announcer, stay=stay, recordings=recordings, record=record).take_part()


def _wish(params: JoinConference, room: str) -> Wish | None:
    if params.record != "record-from-start":
        return None
    url, events = params.recording_status_callback, params.recording_status_callback_event
    method, trim = params.recording_status_callback_method, params.trim == "trim-silence"
    return Wish.parse(params.name, room, url, events, method, trim=trim)


def _entry(context: Context, params: JoinConference) -> Entry:
    try:
        room = context.shared.conferences.room(params.name, context.identity.project_id)
    except UnsafeValue as error:
        raise ScriptError(Code.PARAMETER_INVALID, f"join_conference.name: {error}") from error
    wait_url, told = params.wait_url, params.status_callback
    kinds, method = params.status_callback_event, params.status_callback_method
    return Entry(
        room=room,
        profile=context.shared.conferences.profile,
        muted=params.muted,
        enter_sound=ENTER_BEEP if params.beep in ("true", "onEnter") else "",
        exit_sound=EXIT_BEEP if params.beep in ("true", "onExit") else "",
        starts=params.start_on_enter,
        ends=params.end_on_exit,
        max_members=params.max_participants if params.max_participants < MOST else None,
        waits=partial(context.play_while_waiting, wait_url) if wait_url else None,
        coached=params.coach or "",
        listener=Listener.parse(told, kinds, method) if told else None,
    )
