"""`pay`: collect payment details and charge through a connector (SWML reference, pay)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from adapter.swml.catalog import MethodSpec
from adapter.swml.parameters import ONE_OR_MANY, Parameters


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


SPEC = MethodSpec("pay", Pay)

MISSING = "the dialogue that takes a card is not made yet"
"""Why it is not performed; a package may bring it (docs/extending.md)."""
