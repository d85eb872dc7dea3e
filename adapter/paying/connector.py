"""The payment connector: the user's server that charges (SWML reference, payment_connector_url).

It gets the card as JSON, by one POST which no redirect moves elsewhere. Its answer is 200 with
`charge_id` or `token_id` and no `error_code`; anything else has failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
import structlog

from adapter.deadline import Overdue, within
from adapter.outgoing import AddressRefused, cause, proxies_for
from adapter.paying.cards import Card

log = structlog.get_logger()

TIMEOUTS = (5.0, 30.0)
"""Seconds to connect, and for each wait for the answer."""

LONGEST = 45.0
"""Seconds in all: the caller waits."""

MOST_BYTES = 64 * 1024

UNREACHABLE = "connector_unreachable"
"""The error code where there was no answer."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be paid."""

    transaction_id: str
    method: str
    amount: str
    """Empty: only a token is wanted."""
    currency: str
    token_type: str
    description: str
    parameters: Mapping[str, str]

    def body(self, card: Card) -> dict[str, Any]:
        """What the connector gets."""
        body: dict[str, Any] = {
            "transaction_id": self.transaction_id,
            "method": self.method,
            "cardnumber": card.number,
            "cvv": card.code,
            "expiry_month": card.expiry[:2],
            "expiry_year": card.expiry[2:],
            "postal_code": card.postal_code,
            "chargeAmount": self.amount or "0",
            "currency_code": self.currency,
            "token_type": self.token_type,
            "description": self.description,
        }
        return {**body, "parameters": dict(self.parameters)} if self.parameters else body


@dataclass(frozen=True, slots=True)
class Answer:
    """What the connector said: an id, or an error."""

    charge_id: str = ""
    token_id: str = ""
    error_code: str = ""
    error_message: str = ""

    @property
    def paid(self) -> bool:
        """Whether it was charged, or there is a token."""
        return not self.error_code


def ask(web: requests.Session, url: str, order: Order, card: Card) -> Answer:
    """Have it charged. What goes wrong is an answer too, and names nothing of the card."""
    try:
        with (
            within(LONGEST),
            web.post(
                url,
                json=order.body(card),
                timeout=TIMEOUTS,
                proxies=proxies_for(url),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            body = answer.raw.read(MOST_BYTES, decode_content=True)
            return parsed(answer.status_code, body)
    except Overdue:
        return Answer(error_code=UNREACHABLE, error_message="no answer in time")
    except (requests.RequestException, AddressRefused, OSError, ValueError) as error:
        return Answer(error_code=UNREACHABLE, error_message=_harmless(cause(error), card))


def parsed(status: int, body: bytes) -> Answer:
    """An answer by its status and its body."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, Mapping):
        said = {}
    ids = {name: _text(said.get(name)) for name in ("charge_id", "token_id")}
    code, message = _text(said.get("error_code")), _text(said.get("error_message"))
    if status == 200 and not code and any(ids.values()):
        return Answer(**ids)
    if not code:
        code = f"http_{status}" if status != 200 else "no_id"
    return Answer(error_code=code, error_message=message or f"the connector answered {status}")


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:500]


def _harmless(text: str, card: Card) -> str:
    """An error's text, unless a digit of the card's has got into it."""
    return "the connector cannot be reached" if card.number and card.number in text else text
