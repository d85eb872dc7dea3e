"""`tap`: send the call's sound elsewhere in the background (SWML reference, tap)."""

from typing import Annotated, Literal

from pydantic import Field

from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.parameters import Parameters, folded


class Tap(Parameters):
    """Copy the media to an RTP or WebSocket address."""

    uri: str = Field(description="rtp://address:port, ws:// or wss://")
    control_id: str | None = Field(None, description="name for stop_tap; made up if not given")
    direction: Literal["speak", "listen", "both"] = Field(
        "speak", description="speak: what the party says; listen: what it hears"
    )
    codec: Annotated[Literal["PCMU", "PCMA"], folded(str.upper)] = Field(
        "PCMU", description="codec"
    )
    rtp_ptime: int = Field(20, ge=10, le=120, description="milliseconds a packet (RTP)")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")


SPEC = MethodSpec("tap", Tap, Shorthand(scalar="uri"))

MISSING = "the switch sends RTP to a third party only through a helper leg, which is not made yet"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
