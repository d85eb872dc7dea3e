"""`connect`: call somebody and bridge (SWML reference, connect).

document                  switch
connect              →    uuid_answer                 unless answer_on_bridge
  to                 →    bridge [^^;…]sofia/…        one leg
  serial             →    bridge LEG|LEG              each after the one before
  parallel           →    bridge LEG,LEG              all at once; the first to answer wins
  serial_parallel    →    bridge LEG,LEG|LEG,LEG
  from, headers, …   →    [^^;origination_caller_id_number=…;sip_h_…=…]
  confirm            →    [^^;group_confirm_key=exec;group_confirm_file=socket …]
  ringback           →    uuid_setvar ringback
                     →    sched_hangup +max_duration  when they talk

  queue:             →    who has waited longest there, in a conference of the two

How a bridge goes is in `adapter.connecting.bridge`, and a queue in `adapter.queues`. When it is
over, whoever hung up, the call goes on with `result` and the next step, as long as its own party
is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

import structlog
from pydantic import BeforeValidator, Field

from adapter.call_facts import type_of
from adapter.connecting.bridge import Bridge, Talking
from adapter.connecting.confirming import Script
from adapter.connecting.kept import PARTED_VARIABLE
from adapter.connecting.kept import Connect as Kept
from adapter.connecting.leg_log import LegLog
from adapter.connecting.legs import Leg
from adapter.connecting.outcome import Outcome
from adapter.connecting.plan import Plan, PlannedLeg, leg_id
from adapter.connecting.talk import Talk
from adapter.connecting.telling import Teller
from adapter.freeswitch.errors import CallGone, SwitchError, UnsafeValue
from adapter.freeswitch.leg_options import LegOptions
from adapter.methods.afterwards import go_on
from adapter.methods.context import Context
from adapter.methods.taking import take_from
from adapter.queues.names import named_by
from adapter.sounds.playable import NotPlayable
from adapter.store.errors import StoreError
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import ONE_OR_MANY, Parameters, Steps

log = structlog.get_logger()

WITHOUT = {
    "stream:": "streams need a module of the switch that sends audio to a WebSocket, and a method"
    " that uses it; none is here",
    "queue:": "a queue can only be the one destination",
    "/": "resource addresses need SignalWire's directory: write the number or SIP address instead",
}
"""Destinations that cannot be called, by their beginning, and what is missing."""


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


class Connect(Options):
    """Call a destination, or several, and bridge it with the call."""

    one_of = ("to", "serial", "parallel", "serial_parallel")
    to: str | None = Field(None, description="number, sip:, stream:, queue: or /resource")
    serial: Annotated[list[One] | None, ONE_OR_MANY] = Field(
        None, description="destinations to try one after the other"
    )
    parallel: Annotated[list[One] | None, ONE_OR_MANY] = Field(
        None, description="destinations to ring at the same time"
    )
    serial_parallel: list[Annotated[list[One], ONE_OR_MANY]] | None = Field(
        None, description="groups to try one after the other, each rung at the same time"
    )
    webrtc_media: bool = Field(False, description="WebRTC media")
    session_timeout: int = Field(0, ge=0, description="seconds of the SIP session timer; 0 is off")
    ringback: Annotated[list[str] | None, ONE_OR_MANY] = Field(
        None, description="what the caller hears meanwhile"
    )
    timeout: int = Field(60, ge=1, description="seconds to ring")
    max_duration: int = Field(14400, ge=1, description="seconds after which the bridge is ended")
    answer_on_bridge: bool = Field(
        False, description="answer the call only when the destination answers"
    )
    encryption: Literal["mandatory", "optional", "forbidden"] = Field(
        "optional", description="SRTP"
    )
    call_state_events: Annotated[
        list[Literal["created", "ringing", "answered", "ended"]], ONE_OR_MANY
    ] = Field(["ended"], description="states to be told of")
    realtime: bool = Field(False, description="`stream:` in both directions")
    status_url_method: Literal["GET", "POST"] = Field(
        "POST", description="how the status of a `stream:` is told"
    )
    status_url: str | None = Field(None, description="where status callbacks are POSTed")
    transfer_after_bridge: str | dict[str, Any] | None = Field(
        None, description="document, or its URL, to go on with after the bridge"
    )

    def groups(self) -> list[list[Destination]]:
        """Whom to call: groups in turn, those of a group at once."""
        if self.to is not None:
            return [[Destination(to=self.to)]]
        if self.serial is not None:
            return [[one] for one in self.serial]
        return [self.parallel] if self.parallel is not None else self.serial_parallel or []


SPEC = MethodSpec(
    "connect",
    Connect,
    branch="connect_result",
    steps=("confirm", "serial[].confirm", "parallel[].confirm", "serial_parallel[][].confirm"),
    documents=("transfer_after_bridge",),
)

ONCE = True
"""Where it stands is stored before anybody is called: a leg's confirmation looks there."""

_DESTINATIONS = "partial: numbers and SIP addresses; not `stream:` or `/resource`"
_QUEUES = "partial: numbers, SIP addresses, and `queue:` alone; not `stream:` or `/resource`"
_STREAMS = "ignored: it belongs to `stream:`"

LIMITS = {
    "to": _QUEUES,
    **dict.fromkeys(("serial", "parallel", "serial_parallel"), _DESTINATIONS),
    "session_timeout": "a session timer is asked for; the switch refreshes or ends the call",
    "webrtc_media": "partial: DTLS-SRTP and ICE, over SIP",
    **dict.fromkeys(
        (
            *("name", "codec", "realtime", "status_url_method"),
            *("authorization_bearer_token", "custom_parameters"),
        ),
        _STREAMS,
    ),
    "ringback": "partial: `say:` only by a renderer; several sounds must be WAV",
}
"""What is less than the reference says (docs/methods.md)."""


def perform(context: Context, params: Connect) -> Result:
    """Call, talk, and go on when the others have left."""
    return run(context, params, name=f"{context.identity.event_channel}/{context.step}")


def run(context: Context, params: Connect, *, name: str, tag: str = "") -> Result:
    """The same, known by a name that is this connect's alone; `tag` is told with all it tells."""
    legs = LegLog(context.held.commit, context.identity)
    teller = Teller(context.tell, context.identity, params.status_url, tag, written=legs.reach)
    if (queue := _queue(params)) is not None:
        return _take_from(context, params, queue, teller)
    connect = Kept.find(context.call, name)
    try:
        plan = _plan(context, params, connect)
        talking = partial(_talking, context, legs, tag)
        outcome = connect.became or _connect(context, plan, teller, connect, talking)
    except CallGone:
        raise
    except (ScriptError, SwitchError) as error:
        teller.connect("failed", failed_reason="error")
        return Result(_variables(Outcome(failed_reason="error")), error=_failure(error))
    if connect.became:
        _tell_what_became(context, plan, teller, connect)
    if not outcome.connected:
        return Result(_variables(outcome))
    # Keys that were pressed were for the other party.
    context.digits.forget()
    return go_on(context, "connect", params.transfer_after_bridge, _variables(outcome))


def _talking(context: Context, legs: LegLog, tag: str, leg: Leg) -> Callable[[], None]:
    """Who commands the call, or the leg, finds them from now on."""
    return context.talks.begin(Talk(context.call, leg, legs.row(leg), tag))


def _connect(
    context: Context, plan: Plan, teller: Teller, connect: Kept, talking: Talking
) -> Outcome:
    identity = context.identity
    session_id = identity.event_channel.removeprefix("swml:")
    script = Script(
        identity.call_id, session_id, identity.project_id, type_of(context.call.channel)
    )
    if connect.attempt == 1:
        teller.connect("connecting")
    return Bridge(context.call, plan, teller, connect=connect, script=script, talking=talking).run()


def _tell_what_became(context: Context, plan: Plan, teller: Teller, connect: Kept) -> None:
    """A bridge that went on without us is over: what nobody could tell before is told now."""
    context.call.set_variables(connect.after())
    outcome = connect.became or Outcome()
    peer = next((leg for leg in plan.legs if leg.uuid == outcome.peer), None)
    if peer is None:
        teller.connect("failed", failed_reason=outcome.failed_reason)
        return
    leg = Leg(peer, state="ended", bridged=True, cause="NORMAL_CLEARING")
    if context.call.variable(PARTED_VARIABLE) == peer.uuid:
        teller.connect("disconnected", leg, ended_by="command")
        return
    teller.leg(leg, "ended")
    teller.connect("disconnected", leg)


def _queue(params: Connect) -> str | None:
    """The queue that is the one destination."""
    return named_by(params.to) if params.to is not None else None


def _take_from(context: Context, params: Connect, queue: str, teller: Teller) -> Result:
    try:
        outcome = take_from(
            context,
            queue,
            seconds=params.timeout,
            longest=params.max_duration,
            answers_first=not params.answer_on_bridge,
            heard=params.ringback or [],
            tells=teller.connect,
        )
    except CallGone:
        raise
    except (ValueError, StoreError, SwitchError) as error:
        teller.connect("failed", failed_reason="error")
        return Result(_variables(Outcome(failed_reason="error")), error=_failure(error))
    if not outcome.connected:
        return Result(_variables(outcome))
    context.digits.forget()
    return go_on(context, "connect", params.transfer_after_bridge, _variables(outcome))


def _variables(outcome: Outcome) -> dict[str, Any]:
    result = "connected" if outcome.connected else "failed"
    return {
        "connect_result": result,
        "connect_failed_reason": outcome.failed_reason or "",
        "return_value": result,
    }


def _failure(error: Exception) -> ScriptError:
    if isinstance(error, ScriptError):
        return error
    return ScriptError(Code.EXECUTE_FAILED, f"connect: {error}")


# -- whom ----------------------------------------------------------------------------------------


def _plan(context: Context, params: Connect, connect: Kept) -> Plan:
    numbers = iter(range(10_000))
    groups = [
        [_leg(context, params, one, leg_id(connect.id, next(numbers))) for one in group]
        for group in params.groups()
        if group
    ]
    if not groups:
        raise ScriptError(Code.PARAMETER_INVALID, "connect: there is nobody to call")
    return Plan(
        groups,
        max_duration=params.max_duration,
        ringback=_ringback(context, params.ringback or []),
        answers_first=not params.answer_on_bridge,
    )


def _leg(context: Context, params: Connect, one: Destination, uuid: str) -> PlannedLeg:
    for beginning, missing in WITHOUT.items():
        if one.to.lower().startswith(beginning):
            raise ScriptError(Code.EXECUTE_FAILED, f"connect.to: {one.to[:60]}: {missing}")
    wishes = _Wishes(one, params)
    caller = context.call.channel.get("Caller-Caller-ID-Number")
    try:
        endpoint = context.outlet.endpoint(one.to)
        variables = _options(wishes).variables()
    except UnsafeValue as error:
        raise ScriptError(Code.PARAMETER_INVALID, f"connect.to: {error}") from error
    timeout = wishes["timeout"]
    return PlannedLeg(
        uuid,
        endpoint,
        device(one.to, wishes["from_"] or caller),
        timeout=timeout,
        variables=variables,
        confirm=_confirmation(wishes["confirm"]),
        confirm_timeout=wishes["confirm_timeout"] or timeout,
        state_url=wishes["call_state_url"],
        states=frozenset(wishes["call_state_events"]),
    )


class _Wishes:
    """What a destination says goes before what the step says of all."""

    def __init__(self, one: Destination, all_: Connect) -> None:
        self._one, self._all = one, all_

    def __getitem__(self, name: str) -> Any:
        own = getattr(self._one, name)
        return getattr(self._all, name) if own is None else own

    def given(self, name: str) -> Any:
        """The same, but None where only a default says it."""
        said = name in self._one.model_fields_set or name in self._all.model_fields_set
        return self[name] if said else None


def _options(wishes: _Wishes) -> LegOptions:
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


def _ringback(context: Context, sounds: list[str]) -> str:
    """A sound that cannot be had is left out: nobody is connected for want of a melody."""
    try:
        ringback, problems = context.sounds.ringback(sounds)
    except NotPlayable as error:
        ringback, problems = "", [str(error)]
    for problem in problems:
        log.warning("connect.ringback leaves out a sound", reason=problem)
    return ringback
