"""`tap`: send a copy of the call's sound elsewhere in the background (SWML reference, tap).

document            switch
tap rtp://     →    originate … &eavesdrop      a leg of its own, whose RTP goes to the address
tap ws://      →    uuid_audio_stream | uuid_audio_fork     where one of these modules is loaded
"""

from __future__ import annotations

import socket
import uuid
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import gevent
from pydantic import Field

from adapter.freeswitch.errors import SwitchError
from adapter.methods.context import Context
from adapter.outgoing import AddressRefused, check_url, is_denied
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters, folded
from adapter.tapping.answering import Target
from adapter.tapping.fork import PREFIX as FORK_PREFIX
from adapter.tapping.fork import Fork
from adapter.tapping.fork import event as fork_event
from adapter.tapping.forks import Forks
from adapter.tapping.taps import PREFIX, TapFailed, Taps, payload
from adapter.tapping.taps import Tap as Running

ONCE = True
"""Its outcome is stored before the next step: what was started is not started again if we die."""

LOOKUP_SECONDS = 5.0

RATE = 8000

LIMITS = {
    "uri": "partial: ws:// and wss:// where the switch has mod_audio_stream or mod_audio_fork",
    "direction": "partial: `listen` to rtp:// alone; the modules for ws:// do not know it",
    "codec": "partial: rtp:// alone; ws:// is L16 of 8 kHz",
    "rtp_ptime": "partial: whole tens of milliseconds",
}


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


def perform(context: Context, params: Tap) -> Result:
    """Answer, and start it; it goes on until stop_tap or the end of the call."""
    try:
        if params.uri.lower().startswith("rtp://"):
            found = _start(context, params)
        else:
            found = _start_fork(context, params)
    except (TapFailed, SwitchError, AddressRefused, OSError, ValueError) as error:
        failed = {"tap_uri": params.uri, "tap_result": "failed"}
        return Result(failed, error=ScriptError(Code.EXECUTE_FAILED, f"tap: {error}"))
    return Result({"tap_uri": params.uri, "tap_result": "success", **found})


def adopt(context: Context) -> None:
    """Taps go on without us: whoever has the call now tells of their end."""
    if context.call.channel.starting(f"variable_{PREFIX}"):
        taps_of(context)
    if context.call.channel.starting(f"variable_{FORK_PREFIX}"):
        forks_of(context)


def _start(context: Context, params: Tap) -> dict[str, Any]:
    target, taps = _target(context, params), taps_of(context)
    tap, source = taps.of_step(context.step), None
    if tap is None:
        context.call.answer()
        tap, source = taps.start(
            target,
            control_id=params.control_id,
            direction=params.direction,
            status_url=params.status_url,
            step=context.step,
        )
    return {
        "tap_control_id": tap.control_id,
        "tap_rtp_src_addr": source.address if source else "",
        "tap_rtp_src_port": source.port if source else 0,
        "tap_ptime": tap.ptime,
        "tap_codec": tap.codec,
        "tap_rate": RATE,
    }


def _start_fork(context: Context, params: Tap) -> dict[str, Any]:
    check_url(params.uri, context.shared.media.settings.deny_to)
    forks = forks_of(context)
    fork = forks.of_step(context.step)
    if fork is None:
        context.call.answer()
        fork = Fork(
            "tap",
            params.control_id or str(uuid.uuid4()),
            params.uri,
            params.direction,
            params.status_url,
            step=context.step,
        )
        forks.start(fork)
    return {"tap_control_id": fork.control_id, "tap_codec": "L16", "tap_rate": RATE}


def taps_of(context: Context) -> Taps:
    """The call's taps."""

    def tell(tap: Running, state: str) -> None:
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"tap:{tap.leg}:{state}"))
        context.tell(tap.status_url, "calling.call.tap", key=key, **payload(tap, state))

    running = context.running
    if "tap" not in running:
        running["tap"] = Taps(context.call, context.shared.media.sink, context.shared.outlet, tell)
    taps: Taps = running["tap"]
    return taps


def forks_of(context: Context) -> Forks:
    """What the call sends to WebSockets."""

    def tell(fork: Fork, state: str) -> None:
        key = str(uuid.uuid5(uuid.UUID(context.identity.call_id), f"{fork.bug}:{state}"))
        event_type, told = fork_event(fork, state)
        context.tell(fork.status_url, event_type, key=key, method=fork.status_method, **told)

    if "fork" not in context.running:
        context.running["fork"] = Forks(context.call, tell)
    forks: Forks = context.running["fork"]
    return forks


def _target(context: Context, params: Tap) -> Target:
    """Where it goes: the setting `deny_to` holds for RTP too. Raises ValueError and OSError."""
    parts = urlsplit(params.uri)
    if not parts.hostname or not parts.port:
        raise ValueError(f"{params.uri[:80]!r} is not rtp://address:port")
    address = _resolved(parts.hostname)
    if is_denied(address, context.shared.media.settings.deny_to):
        raise AddressRefused(parts.hostname, address)
    ptime = max(10, params.rtp_ptime // 10 * 10)
    return Target(address, parts.port, params.codec, ptime)


def _resolved(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    with gevent.Timeout(LOOKUP_SECONDS, OSError(f"{host} was not found in time")):
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    return str(found[0][4][0])
