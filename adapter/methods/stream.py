"""`stream`: send the call's sound to a WebSocket in the background (SWML reference, stream).

document            switch
stream         →    uuid_audio_stream | uuid_audio_fork     where one of these modules is loaded
"""

from __future__ import annotations

import re
import uuid
from typing import Any, Literal

from pydantic import Field

from adapter.freeswitch.errors import SwitchError
from adapter.freeswitch.taps import RATES
from adapter.methods.context import Context
from adapter.methods.tap import forks_of
from adapter.outgoing import AddressRefused, check_url
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters
from adapter.tapping.fork import Fork
from adapter.tapping.taps import TapFailed

REMARK = "only where the switch has mod_audio_stream or mod_audio_fork, which it does not bring"

LIMITS = {
    "url": "partial: where the switch has mod_audio_stream or mod_audio_fork; else it fails",
    "track": "partial: outbound_track alone is unknown to these modules and fails",
    "codec": "partial: L16, L16@16000h and so on (8, 16, 24, 32 or 48 kHz); any other fails",
    "authorization_bearer_token": "partial: by mod_audio_stream alone; fails with mod_audio_fork",
}

ONCE = True
"""As for `tap`."""

DIRECTIONS = {"inbound_track": "speak", "outbound_track": "listen", "both_tracks": "both"}


CODEC = re.compile(r"L16(?:@(?P<rate>[0-9]{1,6})h)?(?:@[0-9]{1,3}i)?", re.IGNORECASE)


class Stream(Parameters):
    """Stream the media to a WebSocket."""

    url: str = Field(description="wss:// address")
    control_id: str | None = Field(None, description="name for stop_stream; made up if not given")
    name: str | None = Field(None, description="name that status callbacks carry")
    track: Literal["inbound_track", "outbound_track", "both_tracks"] = Field(
        "inbound_track", description="what the party says, what it hears, or both"
    )
    codec: str | None = Field(None, description="L16, or L16@16000h; L16 if not given")
    status_url: str | None = Field(None, description="where status callbacks are sent")
    status_url_method: Literal["GET", "POST"] = Field("POST", description="how they are sent")
    authorization_bearer_token: str | None = Field(None, description="token to send")
    custom_parameters: dict[str, Any] | None = Field(None, description="sent first")


SPEC = MethodSpec("stream", Stream, Shorthand(scalar="url"))


def perform(context: Context, params: Stream) -> Result:
    """Answer, and start it; it goes on until stop_stream or the end of the call."""
    try:
        fork = started(context, wanted(context, params), params)
    except (TapFailed, SwitchError, AddressRefused, ValueError) as error:
        # Nothing that stop_stream could mean has begun: what runs stays the one that it means.
        failed = ScriptError(Code.EXECUTE_FAILED, f"stream: {error}")
        return Result({"stream_result": "failed"}, error=failed)
    return Result({"stream_result": "success", "stream_control_id": fork.control_id})


def wanted(context: Context, params: Stream) -> Fork:
    """What is to be sent; raises ValueError for a codec that cannot be had."""
    return Fork(
        "stream",
        params.control_id or str(uuid.uuid4()),
        params.url,
        DIRECTIONS[params.track],
        params.status_url,
        params.name,
        context.step,
        status_method=params.status_url_method,
        rate=rate_of(params.codec),
    )


def started(context: Context, fork: Fork, params: Stream) -> Fork:
    """It runs, or did so before the call changed hands; raises what `perform` tells."""
    check_url(params.url, context.shared.media.settings.deny_to)
    forks = forks_of(context)
    if (known := forks.of_step(context.step)) is not None:
        return known
    context.call.answer()
    token = params.authorization_bearer_token
    return forks.start(fork, first=params.custom_parameters, token=token)


def rate_of(codec: str | None) -> int:
    """Samples a second of `L16@16000h@40i`; raises ValueError for what no module sends."""
    found = CODEC.fullmatch((codec or "L16").strip())
    rate = int(found["rate"] or RATES[0]) if found else 0
    if rate not in RATES:
        rates = ", ".join(map(str, RATES))
        raise ValueError(f"{(codec or '')[:30]!r} cannot be sent: L16 alone, at {rates} Hz")
    return rate
