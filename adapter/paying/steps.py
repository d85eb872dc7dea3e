"""The steps of the dialogue: what is asked, what of it is right, and what is said. Pure.

Names of steps and errors, and what is said by default, as in the SWML reference (pay).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from adapter.paying import cards
from adapter.paying.cards import Card

NUMBER, EXPIRY = "payment-card-number", "expiration-date"
CODE, POSTAL = "security-code", "postal-code"
PROCESSING, COMPLETED = "payment-processing", "payment-completed"
FAILED, CANCELED = "payment-failed", "payment-canceled"

OTHER_SPELLINGS = {"payment-cancelled": CANCELED}

SAID: Mapping[str, str] = {
    NUMBER: "Please enter your credit card number",
    EXPIRY: "Please enter your credit card's expiration date."
    " 2 digits for the month and 2 digits for the year",
    CODE: "Please enter your credit card's security code."
    " It's the 3 digits located on the back of your card",
    POSTAL: "Please enter your billing postal code",
    PROCESSING: "Payment processing. Please wait",
    COMPLETED: "Payment completed. Thank you",
    FAILED: "Payment failed",
    CANCELED: "Payment canceled",
}

TIMEOUT, DECLINED = "timeout", "card-declined"

LONGEST_POSTAL = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to ask for. `complete`: no more keys are waited for; `fault`: an error, or ""."""

    name: str
    put: Callable[[Card, str], None]
    complete: Callable[[str], bool]
    fault: Callable[[str], str]
    secret: bool = True
    """Whether recordings must not hear it."""


def number(valid_types: Sequence[str]) -> Step:
    """The card's number."""

    def fault(typed: str) -> str:
        if not cards.is_whole(typed):
            return "invalid-card-number"
        return "" if cards.card_type(typed) in valid_types else "invalid-card-type"

    def complete(typed: str) -> bool:
        return len(typed) >= cards.longest(typed) or (len(typed) == 16 and cards.is_whole(typed))

    return Step(NUMBER, lambda card, typed: setattr(card, "number", typed), complete, fault)


def expiry(today: date) -> Step:
    """When it ends, as MMYY."""
    return Step(
        EXPIRY,
        lambda card, typed: setattr(card, "expiry", typed),
        lambda typed: len(typed) >= 4,
        lambda typed: "" if cards.is_expiry(typed, today) else "invalid-date",
    )


def code(card: Card) -> Step:
    """The security code of this card."""
    length = cards.code_length(card.number)
    return Step(
        CODE,
        lambda card, typed: setattr(card, "code", typed),
        lambda typed: len(typed) >= length,
        lambda typed: "" if len(typed) == length else "invalid-security-code",
    )


def postal(shortest: int) -> Step:
    """The postal code, of digits."""
    return Step(
        POSTAL,
        lambda card, typed: setattr(card, "postal_code", typed),
        lambda typed: len(typed) >= LONGEST_POSTAL,
        lambda typed: "" if len(typed) >= shortest else "invalid-postal-code",
        secret=False,
    )


class Prompt(Protocol):
    """What a document wants to be said at a step instead of the default."""

    @property
    def step(self) -> str: ...
    @property
    def sounds(self) -> list[str]: ...
    @property
    def conditions(self) -> tuple[str | None, str | None, str | None]:
        """Attempts, card types and errors, each separated by blanks; None: all."""


def said(
    prompts: Sequence[Prompt], step: str, *, attempt: int, card_type: str = "", error: str = ""
) -> list[str]:
    """The sounds of a step: those of the prompt that fits best, of the first among equals."""
    facts = (str(attempt), card_type, error)
    fitting = [prompt for prompt in prompts if prompt.step == step and _fits(prompt, facts)]
    if not fitting:
        return [f"say:{SAID[step]}"]
    return max(fitting, key=_how_special).sounds


def _fits(prompt: Prompt, facts: tuple[str, str, str]) -> bool:
    pairs = zip(prompt.conditions, facts, strict=True)
    return all(wanted is None or fact in wanted.split() for wanted, fact in pairs)


def _how_special(prompt: Prompt) -> int:
    return sum(wanted is not None for wanted in prompt.conditions)
