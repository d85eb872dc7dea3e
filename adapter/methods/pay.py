"""`pay`: collect payment details by keypad and charge through a connector (SWML reference, pay).

document                   switch
pay                   →    uuid_answer                  if nothing has answered the call yet
  payment-card-number →    uuid_record … mask           of every recording, while a card is typed
  expiration-date     →    speak …                      cut off by the first key
  security-code       →    uuid_record … unmask         then they go on, whatever happens
  postal-code         →    speak …
payment_connector_url →    none: one POST with the card, and its answer decides

`#` ends an input, `*` cancels. Each step may be asked `max_attempts` times; a payment that is
declined begins again with the card, and counts as an attempt at each step. What was typed is
neither stored nor logged, so after a crash the dialogue begins again.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import structlog
from pydantic import Field

from adapter.methods.context import Context
from adapter.methods.pay_dialogue import Dialogue, Ended
from adapter.paying.connector import Order
from adapter.paying.steps import OTHER_SPELLINGS
from adapter.sounds.voices import Wish
from adapter.swml.catalog import MethodSpec
from adapter.swml.destinations import is_url
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import ONE_OR_MANY, Parameters

log = structlog.get_logger()


class PayParameter(Parameters):
    """Something of one's own for the connector."""

    name: str = Field(description="its name")
    value: str = Field(description="its value")


class PayPrompt(Parameters):
    """What is said at one step, instead of what is said by default."""

    for_: str = Field(alias="for", description="step, as payment-card-number")
    actions: list[dict[str, Any]] = Field(description="{type: Say or Play, phrase}, in order")
    attempts: str | None = Field(None, description="attempts that it is for, as `2 3`")
    card_type: str | None = Field(None, description="card types that it is for")
    error_type: str | None = Field(None, description="errors that it is for")

    @property
    def step(self) -> str:
        """In the spelling of the reference's text."""
        return OTHER_SPELLINGS.get(self.for_, self.for_)

    @property
    def conditions(self) -> tuple[str | None, str | None, str | None]:
        """When it is said."""
        return self.attempts, self.card_type, self.error_type

    @property
    def sounds(self) -> list[str]:
        """What is said, as `play` has it."""
        return [sound for action in self.actions if (sound := _sound(action))]


class Pay(Parameters):
    """Take a payment by keypad."""

    payment_connector_url: str = Field(description="connector that charges")
    charge_amount: str | None = Field(None, description="amount; 0 or none only makes a token")
    currency: str = Field("usd", description="ISO 4217 code")
    description: str | None = Field(None, description="what is paid")
    input: Literal["dtmf"] = Field("dtmf", description="how details are entered")
    language: str = Field("en-US", description="language of what is said")
    max_attempts: int = Field(1, ge=1, description="attempts at each step")
    min_postal_code_length: int = Field(0, ge=0, description="shortest postal code")
    parameters: list[PayParameter] | None = Field(None, description="for the connector")
    payment_method: Literal["credit-card"] | None = Field(None, description="what is paid with")
    postal_code: bool | str = Field(True, description="ask for it, do not, or the code itself")
    prompts: Annotated[list[PayPrompt] | None, ONE_OR_MANY] = Field(
        None, description="what is said instead"
    )
    security_code: bool = Field(True, description="ask for the security code")
    status_url: str | None = Field(None, description="where status callbacks are POSTed")
    timeout: int = Field(5, ge=1, description="seconds to wait for each next digit")
    token_type: Literal["one-time", "reusable"] = Field("reusable", description="kind of token")
    valid_card_types: str = Field("visa mastercard amex", description="cards taken")
    voice: str = Field("woman", description="voice of what is said")

    @property
    def known_postal_code(self) -> str | None:
        """The code itself; empty: it is not wanted; None: it is asked for."""
        wanted = str(self.postal_code).strip()
        return {"true": None, "false": ""}.get(wanted.lower(), wanted)


SPEC = MethodSpec("pay", Pay)

ONCE = True
"""What became of it is stored before the next step: nobody pays twice for one step."""

LIMITS = {
    "language": "what is said by default is English; the voice is chosen by it",
    "postal_code": "partial: typed codes have digits only",
}

_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,4})?")
_GENDERS = {"woman": "female", "man": "male"}


def perform(context: Context, params: Pay) -> Result:
    """Ask, charge, and say what became of it."""
    if fault := _fault(params):
        variables = _variables(Ended("validation-error", error=fault))
        return Result(variables, error=ScriptError(Code.PARAMETER_INVALID, f"pay: {fault}"))
    ended = Dialogue(context, params, wish=_wish(params), order=_order(params)).run()
    failed = ended.result == "internal-error"
    error = ScriptError(Code.EXECUTE_FAILED, f"pay: {ended.error}") if failed else None
    return Result(_variables(ended), error=error)


def _fault(params: Pay) -> str:
    if not is_url(params.payment_connector_url):
        return "payment_connector_url is no http(s) address"
    if params.charge_amount and not _AMOUNT.fullmatch(params.charge_amount.strip()):
        return "charge_amount is no amount, as 25.00"
    if not params.valid_card_types.split():
        return "valid_card_types names none"
    return ""


def _wish(params: Pay) -> Wish:
    gender = _GENDERS.get(params.voice.lower(), "")
    return Wish("" if gender else params.voice, params.language, gender)


def _order(params: Pay) -> Order:
    amount = (params.charge_amount or "").strip()
    return Order(
        transaction_id="",
        method=params.payment_method or "credit-card",
        amount=amount if float(amount or 0) > 0 else "",
        currency=params.currency,
        token_type=params.token_type,
        description=params.description or "",
        parameters={each.name: each.value for each in params.parameters or ()},
    )


def _sound(action: dict[str, Any]) -> str:
    kind, phrase = str(action.get("type", "")).lower(), str(action.get("phrase", "")).strip()
    if kind not in ("say", "play") or not phrase:
        log.warning("pay.prompts leaves out an action that is no Say or Play", kind=kind[:20])
        return ""
    return f"say:{phrase}" if kind == "say" else phrase


def _variables(ended: Ended) -> dict[str, Any]:
    return {"pay_result": ended.result, "pay_payment_results": ended.results}
