"""Cards: their types, and whether what was typed can be one. Pure.

Types by prefix and length as ISO/IEC 7812 and the card schemes publish them; the check digit is
Luhn's (ISO/IEC 7812-1, annex B).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

TYPES: Final = {
    "amex": (re.compile(r"3[47]"), (15,)),
    "diners-club": (re.compile(r"3(?:0[0-59]|[689])"), (14, 16, 19)),
    "jcb": (re.compile(r"35(?:2[89]|[3-8])"), (16, 17, 18, 19)),
    "mastercard": (
        re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"),
        (16,),
    ),
    "discover": (re.compile(r"6011|64[4-9]|65"), (16, 17, 18, 19)),
    "maestro": (re.compile(r"50|5[6-9]|6"), tuple(range(12, 20))),
    "visa": (re.compile(r"4"), (13, 16, 19)),
}
"""By what a number begins with, and its lengths; the first that fits counts."""

AMEX_CODE, CODE = 4, 3
"""Digits of a security code."""


def card_type(number: str) -> str:
    """The type by a number's beginning; empty for none that is known."""
    return next((name for name, (begins, _) in TYPES.items() if begins.match(number)), "")


def is_whole(number: str) -> bool:
    """Whether this is all of a card's number."""
    kind = card_type(number)
    return bool(kind) and len(number) in TYPES[kind][1] and luhn(number)


def longest(number: str) -> int:
    """Digits that a number of this beginning has at most."""
    kind = card_type(number)
    return TYPES[kind][1][-1] if kind else 19


def luhn(number: str) -> bool:
    """Whether the check digit is right."""
    if not re.fullmatch(r"[0-9]+", number):
        return False
    doubled = (
        digit * 2 - 9 * (digit > 4) if place % 2 else digit
        for place, digit in enumerate(map(int, reversed(number)))
    )
    return sum(doubled) % 10 == 0


def is_expiry(text: str, today: date) -> bool:
    """Whether `MMYY` is a month that is not over."""
    if not re.fullmatch(r"(?:0[1-9]|1[0-2])[0-9]{2}", text):
        return False
    return (2000 + int(text[2:]), int(text[:2])) >= (today.year, today.month)


def code_length(number: str) -> int:
    """Digits of the security code of a card."""
    return AMEX_CODE if card_type(number) == "amex" else CODE


@dataclass(slots=True)
class Card:
    """What was typed so far; nothing of it is shown by accident."""

    number: str = field(default="", repr=False)
    expiry: str = field(default="", repr=False)
    """MMYY."""
    code: str = field(default="", repr=False)
    postal_code: str = field(default="", repr=False)

    @property
    def type(self) -> str:
        """Empty while it is not known."""
        return card_type(self.number) if self.number else ""

    @property
    def shown(self) -> dict[str, str]:
        """What may be told of it (SWML reference, pay: redacted)."""
        hidden = "*" * max(0, len(self.number) - 4)
        return {
            "payment_card_number": f"{hidden}{self.number[-4:]}",
            "payment_card_type": self.type,
            "security_code": "*" * len(self.code),
            "expiration_date": self.expiry,
            "payment_card_postal_code": self.postal_code,
        }
