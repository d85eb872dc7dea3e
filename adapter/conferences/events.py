"""From what the switch says of a conference to what SWML tells of it. Pure.

Source: mod_conference's events of the subclass `conference::maintenance`; the payload is that of
the SWML reference (join_conference, StatusCallbacks).
"""

from __future__ import annotations

from typing import Any

from adapter.freeswitch.wire import Event

JOIN, LEAVE = "participant-join", "participant-leave"
START, END = "conference-start", "conference-end"

STATUSES = {
    "add-member": JOIN,
    "del-member": LEAVE,
    "mute-member": "participant-mute",
    "unmute-member": "participant-unmute",
    "hold-member": "participant-hold",
    "unhold-member": "participant-unhold",
    "start-talking": "participant-speech-start",
    "stop-talking": "participant-speech-stop",
    "deaf-member": "participant-modify",
    "undeaf-member": "participant-modify",
    "volume-in-member": "participant-modify",
    "volume-out-member": "participant-modify",
    "gain-level-member": "participant-modify",
    "energy-level-member": "participant-modify",
}
"""The switch's actions by the statuses that they are told as."""

_KINDS = {
    START: "start",
    END: "end",
    JOIN: "join",
    LEAVE: "leave",
    "participant-mute": "mute",
    "participant-unmute": "mute",
    "participant-hold": "hold",
    "participant-unhold": "hold",
    "participant-speech-start": "speaker",
    "participant-speech-stop": "speaker",
    "participant-modify": "modify",
}


def kind_of(status: str) -> str:
    """What a listener must have asked for to be told of a status."""
    return _KINDS[status]


def size(event: Event) -> int:
    """How many are in the conference."""
    text = event.get("Conference-Size")
    return int(text) if text.isdigit() else 0


def starts_it(event: Event) -> bool:
    """Whether the member is one whose entry starts the conference."""
    return event.get("Member-Type") == "moderator"


def participant(event: Event) -> dict[str, Any]:
    """What is told of a participant besides its call."""
    return {
        "size": size(event),
        "muted": event.get("Speak") == "false",
        "hold": event.get("Hold") == "true",
        "start_on_join": starts_it(event),
    }
