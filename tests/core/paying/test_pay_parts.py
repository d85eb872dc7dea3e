"""Cards, prompts and the connector's answers."""

from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.paying import cards, steps
from adapter.paying.cards import Card
from adapter.paying.connector import Answer, Order, parsed

TODAY = date(2026, 11, 27)

NUMBERS = {
    "visa": "4111111111111111 4222222222222 4012888888881881",
    "mastercard": "5555555555554444 2223003122003222 2720990000000007",
    "amex": "378282246310005 371449635398431",
    "discover": "6011111111111117 6445644564456445",
    "jcb": "3530111333300000",
    "diners-club": "30569309025904 38520000023237",
    "maestro": "6759649826438453 5018000000000009",
}


@pytest.mark.parametrize(
    ("kind", "number"),
    [(kind, number) for kind, numbers in NUMBERS.items() for number in numbers.split()],
)
def test_types_and_check_digits(kind: str, number: str) -> None:
    assert cards.card_type(number) == kind
    assert cards.is_whole(number)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not cards.is_whole(wrong)
    assert not cards.is_whole(number[:-1])
    assert cards.longest(number) >= len(number)


@given(st.text(alphabet="0123456789", min_size=1, max_size=19), st.data())
def test_luhn_finds_one_wrong_digit(digits: str, data: st.DataObject) -> None:
    check = next(n for n in range(10) if cards.luhn(f"{digits}{n}"))
    number = f"{digits}{check}"
    at = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != number[at]]))
    assert not cards.luhn(number[:at] + other + number[at + 1 :])


@pytest.mark.parametrize("text", ["", "x", "٤١١١"])
def test_what_is_no_number(text: str) -> None:
    assert not cards.luhn(text)


@pytest.mark.parametrize(
    ("text", "good"),
    [("1126", True), ("1226", True), ("0127", True), ("1299", True)]
    + [(text, False) for text in ("1026", "1325", "0027", "126", "12260", "ab12", "")],
)
def test_expiry(text: str, good: bool) -> None:
    assert cards.is_expiry(text, TODAY) is good


def test_a_card_shows_nothing_by_accident() -> None:
    card = Card(number="4111111111111111", expiry="1227", code="123", postal_code="90210")
    assert repr(card) == "Card()"
    assert card.shown["payment_card_number"] == "************1111"
    assert card.shown["security_code"] == "***"


def test_steps_judge_what_was_typed() -> None:
    number = steps.number(["visa"])
    assert number.fault("4111111111111111") == ""
    assert number.fault("378282246310005") == "invalid-card-type"
    assert number.fault("41") == "invalid-card-number"
    assert number.complete("4111111111111111")
    assert not number.complete("4111111111111112"), "19 digits may follow"
    assert not number.complete("411111111111111")
    code = steps.code(Card(number="378282246310005"))
    assert code.complete("1234")
    assert code.fault("123") == "invalid-security-code"
    assert steps.postal(0).fault("") == ""
    assert steps.postal(5).fault("1234") == "invalid-postal-code"
    assert not steps.postal(0).secret
    assert number.secret


@dataclass
class Said:
    step: str
    sounds: list[str] = field(default_factory=list)
    conditions: tuple[str | None, str | None, str | None] = (None, None, None)


def test_the_prompt_that_fits_best_is_said() -> None:
    prompts = [
        Said(steps.NUMBER, ["any"]),
        Said(steps.NUMBER, ["second"], ("2 3", None, None)),
        Said(steps.NUMBER, ["second, wrong"], ("2", None, "timeout invalid-card-number")),
        Said(steps.CODE, ["amex"], (None, "amex", None)),
    ]

    def said(step: str, attempt: int, error: str = "", card_type: str = "") -> list[str]:
        return steps.said(prompts, step, attempt=attempt, error=error, card_type=card_type)

    assert said(steps.NUMBER, 1) == ["any"]
    assert said(steps.NUMBER, 3) == ["second"]
    assert said(steps.NUMBER, 2, "timeout") == ["second, wrong"]
    assert said(steps.CODE, 1, card_type="amex") == ["amex"]
    assert said(steps.CODE, 1, card_type="visa") == [f"say:{steps.SAID[steps.CODE]}"]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b'{"charge_id": "c", "error_code": null, "error_message": null}', ""),
        (200, b'{"token_id": "t"}', ""),
        (200, b'{"charge_id": "c", "error_code": "no"}', "no"),
        (200, b"{}", "no_id"),
        (200, b"<html>", "no_id"),
        (200, b"[1]", "no_id"),
        (201, b'{"charge_id": "c"}', "http_201"),
        (302, b"", "http_302"),
        (402, b'{"charge_id": null, "error_code": "funds", "error_message": "m"}', "funds"),
        (500, b"\xff", "http_500"),
    ],
)
def test_answers_of_a_connector(status: int, body: bytes, code: str) -> None:
    answer = parsed(status, body)
    assert answer.error_code == code
    assert answer.paid is (code == "")
    assert answer == Answer(answer.charge_id, answer.token_id, code, answer.error_message)


def test_a_token_costs_nothing() -> None:
    order = Order("id", "credit-card", "", "usd", "one-time", "", {})
    body = order.body(Card(number="4", expiry="1227", code="1"))
    assert (body["chargeAmount"], body["expiry_month"], body["expiry_year"]) == ("0", "12", "27")
    assert "parameters" not in body
