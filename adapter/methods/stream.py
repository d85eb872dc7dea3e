"""`stream`: send the call's sound to a WebSocket in the background (SWML reference, stream)."""

from typing import Any, Literal

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters


class Stream(Parameters):
    """Stream the media to a WebSocket."""

    url: str = Field(description="wss:// address")
    control_id: str | None = Field(None, description="name for stop_stream; made up if not given")
    name: str | None = Field(None, description="name that status callbacks carry")
    track: Literal["inbound_track", "outbound_track", "both_tracks"] = Field(
        "inbound_track", description="what the party says, what it hears, or both"
    )
    codec: str | None = Field(None, description="codec")
    status_url: str | None = Field(None, description="where status callbacks are sent")
    status_url_method: Literal["GET", "POST"] = Field("POST", description="how they are sent")
    authorization_bearer_token: str | None = Field(None, description="token to send")
    custom_parameters: dict[str, Any] | None = Field(None, description="sent first")


SPEC = MethodSpec("stream", Stream, Shorthand(scalar="url"))

MISSING = "FreeSWITCH itself has no WebSocket media module (mod_audio_fork, mod_audio_stream)"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
