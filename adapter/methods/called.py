"""One destination of a `connect`, as a leg that is planned: what the document wishes of it.

What a destination says goes before what the step says of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import structlog
from pydantic import BeforeValidator, Field

from adapter.connecting.plan import PlannedLeg
from adapter.freeswitch.dial_strings import Outlet
from adapter.freeswitch.errors import UnsafeValue
from adapter.freeswitch.leg_options import LegOptions
from adapter.methods.context import Context
from adapter.sounds.playable import NotPlayable
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import ONE_OR_MANY, Parameters, Steps

log = structlog.get_logger()


def _destination(value: Any) -> Any:
    return {"to": value} if isinstance(value, str) else value


class Header(Parameters):
    """A SIP header."""

    name: str = Field(description="name of the header")
    value: str = Field(description="its value")


class Options(Parameters):
    """What can be given for all destinations together and for each."""

    from_: str | None = Field(None, alias="from", description="caller number to show")
    from_name: str | None = Field(None, description="caller name to show (SIP)")
    headers: list[Header] | None = Field(None, description="SIP headers to send")
    codecs: str | None = Field(None, description="codecs to offer, separated by commas")
    webrtc_media: bool | None = Field(None, description="WebRTC media")
    session_timeout: int | None = Field(
        None, ge=0, description="seconds of the SIP session timer; 0 is off"
    )
    username: str | None = Field(None, description="SIP user name")
    password: str | None = Field(None, description="SIP password")
    timeout: int | None = Field(None, ge=1, description="seconds to ring")
    confirm: str | Steps | None = Field(
        None, description="URL of a document, or steps, run on the called leg before the bridge"
    )
    confirm_timeout: int | None = Field(
        None, ge=1, description="seconds for the confirmation; as long as the timeout if not given"
    )
    encryption: Literal["mandatory", "optional", "forbidden"] | None = Field(
        None, description="SRTP"
    )
    call_state_url: str | None = Field(None, description="where the leg's states are POSTed")
    call_state_events: (
        Annotated[list[Literal["created", "ringing", "answered", "ended"]], ONE_OR_MANY] | None
    ) = Field(None, description="states to be told of; ended if not given")
    name: str | None = Field(None, description="name of a `stream:`")
    codec: str | None = Field(None, description="codec of a `stream:`")
    realtime: bool | None = Field(None, description="`stream:` in both directions")
    status_url_method: Literal["GET", "POST"] | None = Field(
        None, description="how the status of a `stream:` is told"
    )
    authorization_bearer_token: str | None = Field(None, description="token for a `stream:`")
    custom_parameters: dict[str, Any] | None = Field(None, description="sent with a `stream:`")


class Destination(Options):
    """One destination; what it says goes before what the step says."""

    to: str = Field(description="number, sip:, stream:, queue: or /resource")


One = Annotated[
    Destination, BeforeValidator(_destination, json_schema_input_type=str | Destination)
]


class Wishes:
    """What is wished of one destination."""

    def __init__(self, one: Destination, all_: Options) -> None:
        self._one, self._all = one, all_

    def __getitem__(self, name: str) -> Any:
        own = getattr(self._one, name)
        return getattr(self._all, name) if own is None else own

    def given(self, name: str) -> Any:
        """The same, but None where only a default says it."""
        said = name in self._one.model_fields_set or name in self._all.model_fields_set
        return self[name] if said else None


def meant(outlet: Outlet, groups: list[list[Destination]]) -> list[list[Destination]]:
    """Resource addresses as what they stand for; raises `UnsafeValue` for an unknown one."""
    return [
        [one.model_copy(update={"to": outlet.meant(one.to)}) for one in group] for group in groups
    ]


def planned(context: Context, to: str, wishes: Wishes, uuid: str) -> PlannedLeg:
    """The leg with this Unique-ID; raises ScriptError where it cannot be called."""
    caller = context.call.channel.get("Caller-Caller-ID-Number")
    try:
        endpoint = context.shared.outlet.endpoint(to)
        variables = _options(wishes).variables()
    except UnsafeValue as error:
        raise ScriptError(Code.PARAMETER_INVALID, f"connect.to: {error}") from error
    timeout = wishes["timeout"]
    return PlannedLeg(
        uuid,
        endpoint,
        device(to, wishes["from_"] or caller),
        timeout=timeout,
        variables=variables,
        confirm=_confirmation(wishes["confirm"]),
        confirm_timeout=wishes["confirm_timeout"] or timeout,
        state_url=wishes["call_state_url"],
        states=frozenset(wishes["call_state_events"]),
    )


def _options(wishes: Wishes) -> LegOptions:
    caller, name = wishes["from_"] or "", wishes["from_name"]
    return LegOptions(
        from_=caller,
        # Without one, the switch would show the caller's own name beside another number.
        from_name=name if name is not None else caller,
        headers=tuple((header.name, header.value) for header in wishes["headers"] or ()),
        codecs=wishes["codecs"] or "",
        encryption=wishes.given("encryption"),
        username=wishes["username"] or "",
        password=wishes["password"] or "",
        session_timeout=wishes["session_timeout"],
        webrtc=wishes["webrtc_media"],
    )


def _confirmation(confirm: str | Steps | None) -> str:
    return confirm.block if isinstance(confirm, Steps) else confirm or ""


def device(to: str, caller: str) -> Mapping[str, Any]:
    """How callbacks describe a leg's ends."""
    if to.lower().startswith(("sip:", "sips:")):
        return {"type": "sip", "params": {"from": caller, "to": to}}
    return {"type": "phone", "params": {"from_number": caller, "to_number": to}}


def ringback(context: Context, sounds: list[str]) -> str:
    """What the caller hears meanwhile, as the switch's variable of that name has it.

    A sound that cannot be had is left out: nobody is left alone for want of a melody.
    """
    try:
        sound, problems = context.shared.media.sounds.ringback(sounds)
    except NotPlayable as error:
        sound, problems = "", [str(error)]
    for problem in problems:
        log.warning("connect.ringback leaves out a sound", reason=problem)
    return sound
