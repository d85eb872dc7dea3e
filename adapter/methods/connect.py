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

  stream:            →    uuid_audio_stream | uuid_audio_fork     (adapter.methods.connect_stream)
  queue:             →    who has waited longest there, in a conference of the two
  queue: and legs    →    bridge LEG,LEG              and the queue is looked at meanwhile
                     →    uuid_kill LEG LOSE_RACE     it has somebody, and no leg has answered
                     →    bridge LEG,LEG              who was taken does not come: they ring again

Queues in their turn make several bridges and queues of the step, one after the other, which tell
of themselves as one (`adapter.methods.connect_parts`).

How a bridge goes is in `adapter.connecting.bridge`, and a queue in `adapter.queues`. When it is
over, whoever hung up, the call goes on with `result` and the next step, as long as its own party
is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Annotated, Any, Literal

from pydantic import Field

from adapter.call_facts import type_of
from adapter.connecting.bridge import Bridge, Talking
from adapter.connecting.confirming import Script
from adapter.connecting.kept import PARTED_VARIABLE
from adapter.connecting.kept import Connect as Kept
from adapter.connecting.leg_log import LegLog
from adapter.connecting.legs import Leg
from adapter.connecting.outcome import Outcome
from adapter.connecting.plan import Plan, leg_id
from adapter.connecting.talk import Talk
from adapter.connecting.telling import PatientTeller, Teller
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.methods.afterwards import go_on
from adapter.methods.called import Destination, One, Options, Wishes, meant, planned, ringback
from adapter.methods.connect_parts import Part, in_parts
from adapter.methods.connect_stream import talk
from adapter.methods.context import Context
from adapter.methods.taking import line, taking_from
from adapter.queues.names import named_by
from adapter.queues.search import Line
from adapter.queues.taking import Taking
from adapter.store.errors import StoreError
from adapter.swml.catalog import MethodSpec
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import ONE_OR_MANY


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

_CALLED = (
    "numbers, SIP addresses, `queue:`; `/resource` by the settings; `stream:` alone or in its turn,"
    " where the switch has mod_audio_stream or mod_audio_fork"
)

LIMITS = {
    **dict.fromkeys(("to", "serial", "parallel", "serial_parallel"), _CALLED),
    "session_timeout": "a session timer is asked for; the switch refreshes or ends the call",
    "webrtc_media": "partial: DTLS-SRTP and ICE, over SIP",
    "codec": "partial: L16, L16@16000h and so on, and only of `stream:`; any other fails",
    "realtime": "partial: what comes back as messages with sound in them, as the module has it",
    "status_url_method": "of `stream:` alone",
    "authorization_bearer_token": "partial: by mod_audio_stream alone; fails with mod_audio_fork",
    "ringback": "partial: `say:` only by a renderer; several sounds must be WAV",
}
"""What is less than the reference says (docs/methods.md)."""


def perform(context: Context, params: Connect) -> Result:
    """Call, talk, and go on when the others have left."""
    return run(context, params, name=f"{context.identity.event_channel}/{context.step}")


def run(context: Context, params: Connect, *, name: str, tag: str = "") -> Result:
    """The same, known by a name that is this connect's alone; `tag` is told with all it tells."""
    legs = LegLog(context.shared.held.commit, context.identity)
    url = params.status_url
    teller = PatientTeller(context.tell, context.identity, url, tag, written=legs.reach)
    talking = partial(_talking, context, legs, tag)
    try:
        groups = meant(context.shared.outlet, params.groups())
        parts = list(in_parts(groups, context.identity.project_id, name))
        outcome = _reach(context, params, parts, teller, talking)
    except CallGone:
        raise
    except (ScriptError, SwitchError, StoreError, ValueError) as error:
        teller.connect("failed", failed_reason="error")
        return Result(_variables(Outcome(failed_reason="error")), error=_failure(error))
    finally:
        if not context.call.lost:
            teller.conclude()
    if not outcome.connected:
        return Result(_variables(outcome))
    # Keys that were pressed were for the other party.
    context.digits.forget()
    return go_on(context, "connect", params.transfer_after_bridge, _variables(outcome))


Beside = Callable[[Bridge], AbstractContextManager[None]]
"""What is tried at the same time as a bridge, while that runs."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The same legs may ring several times."""

    number: int = 0
    rung: float = 0.0
    """Seconds that they have rung before."""


FIRST = Turn()


def _alone(_: Bridge) -> AbstractContextManager[None]:
    return nullcontext()


# -- its parts ---------------------------------------------------------------------------------


def _reach(
    context: Context, params: Connect, parts: list[Part], teller: PatientTeller, talking: Talking
) -> Outcome:
    """Try each part, from the last that was begun on, until somebody is reached."""
    begun = [number for number, part in enumerate(parts) if part.begun(context.call)]
    outcome = Outcome(failed_reason="error")
    for part in parts[begun[-1] if begun else 0 :]:
        teller.begin(first=part.first)
        if part.stream:
            try:
                outcome = _stream(context, params, part.stream)
            except ScriptError:
                if part is parts[-1]:
                    raise
        elif part.queues:
            outcome = _take(context, params, part, teller, talking)
        else:
            outcome = _call(context, params, part, teller, talking)
        if outcome.connected:
            break
    return outcome


def _stream(context: Context, params: Connect, one: Destination) -> Outcome:
    """A WebSocket; raises ScriptError where it cannot be reached."""
    if not params.answer_on_bridge:
        context.call.answer()
    return talk(
        context,
        one.to,
        Wishes(one, params),
        status_url=params.status_url,
        longest=params.max_duration,
    )


def _call(
    context: Context,
    params: Connect,
    part: Part,
    teller: Teller,
    talking: Talking,
    beside: Beside = _alone,
    turn: Turn = FIRST,
) -> Outcome:
    connect = Kept.find(context.call, part.name)
    if turn.number:
        connect = replace(connect, attempt=connect.attempt + turn.number, became=None)
    plan = _plan(context, params, part, connect).after(turn.rung)
    if not plan.groups:
        return Outcome(failed_reason="no_answer")
    if connect.became:
        _tell_what_became(context, plan, teller, connect)
        return connect.became
    if connect.attempt == 1:
        teller.connect("connecting")
    bridge = Bridge(
        context.call, plan, teller, connect=connect, script=_script(context), talking=talking
    )
    with beside(bridge):
        return bridge.run()


def _take(
    context: Context, params: Connect, part: Part, teller: PatientTeller, talking: Talking
) -> Outcome:
    """Queues, and legs that ring at the same time until somebody of a queue is there."""
    taking = taking_from(
        context,
        _lines(context, params, part),
        name=part.name,
        longest=params.max_duration,
        answers_first=not params.answer_on_bridge,
        heard=params.ringback or [],
        tells=teller.connect,
    )
    if part.groups and not part.taking(context.call):
        outcome = _ring(context, params, part, teller, talking, taking)
        if outcome.connected or taking.too_late:
            return outcome
        teller.begin(first=False)
    return taking.run()


def _ring(
    context: Context,
    params: Connect,
    part: Part,
    teller: PatientTeller,
    talking: Talking,
    taking: Taking,
) -> Outcome:
    """Phones ring until one answers or somebody was taken; and again if that one does not come,
    for what is left of their time."""
    turn = FIRST
    while True:
        began = time.monotonic()
        outcome = _call(context, params, part, teller, talking, taking.beside, turn)
        turn = Turn(turn.number + 1, turn.rung + time.monotonic() - began)
        if outcome.connected or not taking.found:
            return outcome
        teller.begin(first=False)
        if (outcome := taking.meet()).connected:
            return outcome


def _lines(context: Context, params: Connect, part: Part) -> list[Line]:
    began = (context.began if part.first else None) or context.now()
    return [
        line(context, named_by(one.to) or "", until=began + Wishes(one, params)["timeout"])
        for one in part.queues
    ]


def _plan(context: Context, params: Connect, part: Part, connect: Kept) -> Plan:
    numbers = count()
    return Plan(
        [
            [
                planned(context, one.to, Wishes(one, params), leg_id(connect.id, next(numbers)))
                for one in group
            ]
            for group in part.groups
        ],
        max_duration=params.max_duration,
        ringback=ringback(context, params.ringback or []),
        answers_first=not params.answer_on_bridge,
    )


def _talking(context: Context, legs: LegLog, tag: str, leg: Leg) -> Callable[[], None]:
    """Who commands the call, or the leg, finds them from now on."""
    return context.shared.talks.begin(Talk(context.call, leg, legs.row(leg), tag))


def _script(context: Context) -> Script:
    identity = context.identity
    session_id = identity.event_channel.removeprefix("swml:")
    return Script(identity.call_id, session_id, identity.project_id, type_of(context.call.channel))


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
