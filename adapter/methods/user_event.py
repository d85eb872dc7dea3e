"""`user_event`: tell the connected client something (SWML reference, user_event)."""

from typing import Any

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import Parameters


class UserEvent(Parameters):
    """Send an event of one's own to the client."""

    event: dict[str, Any] = Field(description="any object")


SPEC = MethodSpec("user_event", UserEvent)
