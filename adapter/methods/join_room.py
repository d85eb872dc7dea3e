"""`join_room`: join a room (SWML reference, join_room)."""

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class JoinRoom(Parameters):
    """Join a room, made if there is none of that name."""

    name: str = Field(description="name of the room: letters, digits, - and _")


SPEC = MethodSpec("join_room", JoinRoom, Shorthand(scalar="name"))
