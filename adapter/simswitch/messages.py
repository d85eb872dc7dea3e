"""What a listener asks a call's thread to do: `sendmsg` and `uuid_broadcast`. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from adapter.simswitch.strings import atoi, is_true


class Message(NamedTuple):
    """A `sendmsg execute` or `hangup` for the session's thread."""

    command: str
    application: str = ""
    argument: str = ""
    event_uuid: str | None = None
    event_uuid_name: str | None = None
    loops: int = 1
    event_lock: bool = False
    lead_frames: int = 0
    cause: str = "NORMAL_CLEARING"


def message_from(headers: Mapping[str, str], body: str) -> Message:
    """A `sendmsg` as switch_ivr_parse_event reads it."""
    argument = headers.get("execute-app-arg", "")
    if not argument and headers.get("content-type", "").lower() == "text/plain":
        argument = body
    return Message(
        command=headers.get("call-command", "").lower(),
        application=headers.get("execute-app-name", ""),
        argument=argument,
        event_uuid=headers.get("event-uuid"),
        event_uuid_name=headers.get("event-uuid-name"),
        loops=atoi(headers["loops"]) if "loops" in headers else 1,
        event_lock=is_true(headers.get("event-lock")),
        lead_frames=atoi(headers["lead-frames"]) if "lead-frames" in headers else 0,
        cause=headers.get("hangup-cause", "NORMAL_CLEARING"),
    )
