"""The meeting of two calls, for the methods that bring them together."""

from __future__ import annotations

from collections.abc import Callable

from adapter.conferences.announcer import Announcer
from adapter.methods.context import Context
from adapter.queues.meeting import Meeting, Room


def meeting_of(context: Context, step: str, room: str, when_met: Callable[[], None]) -> Meeting:
    """One call's meeting in a room; `step` names what it is for, also after a crash."""
    stay, shared = f"{step}{room}", context.shared
    return Meeting(
        context.call,
        Room(room, shared.conferences.profile),
        stay=stay,
        announcer=Announcer(room, context.identity, shared.outbox, shared.held, stay=stay),
        recordings=shared.conferences.recordings(context.call),
        when_met=when_met,
        talks=shared.talks,
    )
