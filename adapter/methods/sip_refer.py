"""`sip_refer`: hand the call over by SIP REFER (SWML reference, sip_refer).

document       switch                              far end
sip_refer →    uuid_deflect                   →    REFER
               sip_auth_username, …           ←    401: the REFER goes out again, with a digest
          ←    sip_refer_status_code          ←    202, or a refusal
          ←    sip_refer_target_status_code   ←    NOTIFY: how its call to the target went

The switch puts both codes into channel variables and says nothing (sofia.c,
`sofia_handle_sip_r_refer` and `sofia_handle_sip_i_notify`), so they are looked at now and then.
The call itself is left alone (`sip_refer_continue_after_reply`): who was referred ends it, and if
it does not, the script goes on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from pydantic import Field

from adapter.freeswitch import commands
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import CallGone
from adapter.freeswitch.wire import Event
from adapter.methods.context import Context
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters

log = structlog.get_logger()

STATUS, TARGET_STATUS = "sip_refer_status_code", "sip_refer_target_status_code"

STEP_VARIABLE = "swml_refer"
"""On a channel: the step that sent the last REFER, so that it is not sent twice if we die."""

LOOK_SECONDS = 0.1

ANSWER_SECONDS = 35.0
"""For the answer to the REFER: SIP itself gives up after 32 (RFC 3261, timer F)."""

OUTCOME_SECONDS = 120.0
"""For the news of the referred call: as long as somebody may let it ring."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NO_CREDENTIAL = re.compile(r"[\x00-\x1f\x7f;'\"\\\]]|\$\{")
_NONE: Mapping[str, str] = MappingProxyType({})
_URI = re.compile(r"sip:[A-Za-z0-9_.!~*'()%&=+$,;?/:@\[\]-]{1,900}", re.IGNORECASE)


class SipRefer(Parameters):
    """Ask the other end to call somebody else."""

    to_uri: str = Field(description="SIP URI to refer to")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")
    username: str | None = Field(None, description="for a far end that wants to know who refers")
    password: str | None = Field(None, description="the same")


SPEC = MethodSpec("sip_refer", SipRefer, Shorthand(scalar="to_uri"), branch="sip_refer_result")

LIMITS = {
    "username": "without both, a challenge to the REFER ends the call (the switch does that)",
    "password": "without both, a challenge to the REFER ends the call (the switch does that)",
}

USERNAME, PASSWORD = "sip_auth_username", "sip_auth_password"
"""By these the switch answers a challenge (sofia_reg.c, `sofia_reg_handle_sip_r_challenge`)."""

ONCE = True
"""A REFER is not sent a second time if we die."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: SIP codes, empty where none came."""

    answered: str = ""
    """Of the REFER itself."""
    notified: str = ""
    """Of the referred call."""

    @property
    def accepted(self) -> bool:
        return self.answered.startswith("2")

    @property
    def settled(self) -> bool:
        """Whether nothing more will come."""
        refused = bool(self.answered) and self.answered[0] in "3456"
        return refused or bool(self.notified)

    def succeeded(self, *, hung_up: bool = False) -> bool:
        """Whether the call was handed over; who hangs up after accepting has taken it over."""
        if self.notified:
            return self.notified.startswith("2")
        return self.accepted and hung_up

    @property
    def problem(self) -> str:
        """What went wrong, if anything did."""
        if self.notified:
            return f"the call to the target ended with {self.notified}"
        if self.accepted:
            return f"no outcome was reported within {OUTCOME_SECONDS:.0f} s"
        return f"the REFER was refused with {self.answered}" if self.answered else "no answer"


def perform(context: Context, params: SipRefer) -> Result:
    """Send the REFER, and wait for its outcome."""
    call, target = context.call, require_possible(context.call, params)
    credentials = _credentials(params)
    call.answer()
    last: list[Outcome] = []
    stop = call.on("CHANNEL_HANGUP", lambda event: last.append(_read(event)))
    try:
        _send(context, target, credentials)
        outcome = _wait(call)
    except CallGone:
        if not call.lost and last:
            _tell(context, params, target, last[-1], last[-1].succeeded(hung_up=True))
        raise
    finally:
        stop()
        if credentials and not call.gone:
            call.set_variables(dict.fromkeys(credentials, ""))
    _tell(context, params, target, outcome, outcome.succeeded())
    return _result(target, outcome)


def require_possible(call: Call, params: SipRefer) -> str:
    """The URI that is sent; raises `ScriptError` where none can be."""
    target = _target(params.to_uri)
    if not call.channel.get("Channel-Name").startswith("sofia/"):
        raise ScriptError(Code.EXECUTE_FAILED, "sip_refer: this is no SIP call")
    return target


def _target(text: str) -> str:
    uri = text.strip()
    uri = uri if _SCHEME.match(uri) else f"sip:{uri}"
    if not _URI.fullmatch(uri):
        raise ScriptError(Code.PARAMETER_INVALID, "sip_refer.to_uri: is no SIP URI (sip:user@host)")
    return uri


def _credentials(params: SipRefer) -> dict[str, str]:
    """The channel's variables that answer a challenge; raises `ScriptError` for what cannot."""
    if not params.username or not params.password:
        return {}
    if ":" in params.username or _NO_CREDENTIAL.search(params.username + params.password):
        message = "sip_refer: no control character, quote, ; ] \\ or ${ in username and password,"
        raise ScriptError(Code.PARAMETER_INVALID, f"{message} and no : in the username")
    return {USERNAME: params.username, PASSWORD: params.password}


def _send(context: Context, target: str, credentials: Mapping[str, str] = _NONE) -> None:
    call, step = context.call, f"{context.identity.event_channel}/{context.step}"
    if call.variable(STEP_VARIABLE) == step:
        return
    call.set_variables(
        {
            STEP_VARIABLE: step,
            "sip_refer_continue_after_reply": "true",
            STATUS: "",
            TARGET_STATUS: "",
            **credentials,
        }
    )
    call.api(commands.deflect(call.uuid, target))


def _wait(call: Call) -> Outcome:
    """Until it is settled, or time is up."""
    outcome = Outcome()
    for seconds in (ANSWER_SECONDS, OUTCOME_SECONDS):
        for _ in range(round(seconds / LOOK_SECONDS)):
            call.sleep(LOOK_SECONDS)
            outcome = Outcome(_code(call, STATUS), _code(call, TARGET_STATUS))
            if outcome.settled:
                return outcome
            if outcome.accepted and seconds == ANSWER_SECONDS:
                break
        if not outcome.accepted:
            break
    return outcome


def _code(call: Call, variable: str) -> str:
    code = call.api(commands.api("uuid_getvar", call.uuid, variable))
    return code if code.isdigit() and code != "0" else ""


def _read(event: Event) -> Outcome:
    """The codes as the call's last event has them."""
    return Outcome(event.get(f"variable_{STATUS}"), event.get(f"variable_{TARGET_STATUS}"))


def _tell(
    context: Context, params: SipRefer, target: str, outcome: Outcome, succeeded: bool
) -> None:
    codes: dict[str, Any] = {
        "sip_refer_response_code": outcome.answered,
        "sip_notify_response_code": outcome.notified,
    }
    context.tell(
        params.status_url,
        "calling.call.refer",
        sip_refer_to=target,
        state="success" if succeeded else "failed",
        **{name: code for name, code in codes.items() if code},
    )


def _result(target: str, outcome: Outcome) -> Result:
    result = "success" if outcome.succeeded() else "failed"
    variables = {
        "sip_refer_to": target,
        "sip_refer_result": result,
        "return_value": result,
        "sip_refer_response_code": outcome.answered,
        "sip_refer_to_response_code": outcome.notified,
    }
    if outcome.succeeded():
        return Result(variables)
    error = ScriptError(Code.EXECUTE_FAILED, f"sip_refer: {outcome.problem}")
    return Result(variables, error=error)
