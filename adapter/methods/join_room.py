"""`join_room`: join a room (SWML reference, join_room).

Rooms are a video product. What a switch alone can do is their sound: an audio conference of the
room's name, which `join_conference` leads into as well.
"""

from __future__ import annotations

from pydantic import Field

from adapter.conferences.entry import CannotJoin
from adapter.methods.context import Context
from adapter.methods.join_conference import JoinConference, take_part
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters


class JoinRoom(Parameters):
    """Join a room, made if there is none of that name: its sound only, no video."""

    name: str = Field(description="name of the room: letters, digits, - and _")


SPEC = MethodSpec("join_room", JoinRoom, Shorthand(scalar="name"))

LIMITS = {"name": "partial: an audio conference of that name, no video"}

ONCE = True
"""As for `join_conference`."""


def perform(context: Context, params: JoinRoom) -> Result:
    """Enter, and return when the call has left."""
    return enter(context, params.name)


def enter(context: Context, name: str, told: str | None = None) -> Result:
    """The same; `told` is where it is told who comes and goes."""
    try:
        take_part(context, JoinConference(name=name, beep="false", status_callback=told))
    except CannotJoin as error:
        raise ScriptError(Code.EXECUTE_FAILED, f"join_room: {error}") from error
    return Result({"join_room_result": "joined"})
