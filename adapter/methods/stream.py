"""`stream`: send the call's sound to a WebSocket in the background (SWML reference, stream).

document            switch
stream         →    uuid_audio_stream | uuid_audio_fork     where one of these modules is loaded
"""

from __future__ import annotations

import uuid
from typing import Any, Literal

from pydantic import Field

from adapter.freeswitch.errors import SwitchError
from adapter.methods.context import Context
from adapter.methods.tap import forks_of
from adapter.outgoing import AddressRefused, check_url
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters
from adapter.tapping.forks import Fork
from adapter.tapping.taps import TapFailed

REMARK = "only where the switch has mod_audio_stream or mod_audio_fork, which it does not bring"

LIMITS = {
    "url": "partial: where the switch has mod_audio_stream or mod_audio_fork; else it fails",
    "track": "partial: outbound_track alone is unknown to these modules and fails",
    "codec": "ignored: they send 16 bit samples of 8 kHz",
    "status_url_method": "ignored: always POST",
    "authorization_bearer_token": "partial: by mod_audio_stream alone; fails with mod_audio_fork",
}

ONCE = True
"""As for `tap`."""

DIRECTIONS = {"inbound_track": "speak", "outbound_track": "listen", "both_tracks": "both"}


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


def perform(context: Context, params: Stream) -> Result:
    """Answer, and start it; it goes on until stop_stream or the end of the call."""
    fork = Fork(
        "stream",
        params.control_id or str(uuid.uuid4()),
        params.url,
        DIRECTIONS[params.track],
        params.status_url,
        params.name,
        context.step,
    )
    try:
        check_url(params.url, context.shared.media.settings.deny_to)
        forks = forks_of(context)
        if (known := forks.of_step(context.step)) is not None:
            fork = known
        else:
            context.call.answer()
            token = params.authorization_bearer_token
            forks.start(fork, first=params.custom_parameters, token=token)
    except (TapFailed, SwitchError, AddressRefused, ValueError) as error:
        # Nothing that stop_stream could mean has begun: what runs stays the one that it means.
        failed = ScriptError(Code.EXECUTE_FAILED, f"stream: {error}")
        return Result({"stream_result": "failed"}, error=failed)
    return Result({"stream_result": "success", "stream_control_id": fork.control_id})
