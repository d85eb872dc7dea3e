"""pay: what is asked and told, and that the connector alone gets the digits of a card."""

import json
from pathlib import Path
from typing import Any

import pytest
from worlds.adapter_process import AdapterProcess
from worlds.phones import Phone
from worlds.receiver import Answer, Hit, Inbox
from worlds.rest import Rest
from worlds.sounds import tone
from worlds.steps import STAY, record, sleep, stop
from worlds.waiting import eventually, remain
from worlds.world import World, documents_by_number

CARD, CODE = "4111111111111111", "987"
AMEX = "378282246310005"
EXPIRY = "1299"
STOP = "calling.pay.stop"
PROMPT_HZ = {
    "payment-card-number": 600,
    "expiration-date": 700,
    "security-code": 800,
    "postal-code": 900,
    "payment-processing": 1000,
    "payment-completed": 1100,
    "payment-failed": 1200,
    "payment-canceled": 1300,
}


class Connector:
    """The user's server that charges."""

    def __init__(self, world: World, *answers: Answer) -> None:
        self.path = f"/pay/{world.new_number()}"
        self.url = world.receiver.serve(self.path, paid().body, "application/json")
        if answers:
            world.receiver.answer_once_each(self.path, *answers)
        self._receiver = world.receiver

    @property
    def orders(self) -> list[dict[str, Any]]:
        return [hit.json for hit in self.hits]

    @property
    def hits(self) -> list[Hit]:
        return self._receiver.hits_of(self.path)


def answer(status: int = 200, **body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode(), "application/json")


def paid() -> Answer:
    return answer(charge_id="ch_1", error_code=None, error_message=None)


def pay(world: World, connector: Connector, **parameters: Any) -> dict[str, Any]:
    prompts = [
        {
            "for": step,
            "actions": [{"type": "Play", "phrase": world.sound(tone(hz, seconds=0.3))}],
        }
        for step, hz in PROMPT_HZ.items()
    ]
    given = {"payment_connector_url": connector.url, "prompts": prompts, "timeout": 6}
    return {"pay": given | parameters}


def told(inbox: Inbox) -> list[tuple[str, str]]:
    return [(event["params"]["for"], event["params"]["error_type"]) for event in inbox.events]


def enter(phone: Phone, inbox: Inbox, step: str, keys: str, times: int = 1) -> None:
    """Press keys once a step is asked for so often; they cut off what asks, which is heard once."""
    eventually(
        lambda: [asked for asked, _ in told(inbox)].count(step) >= times,
        within=25,
        what=f"{step}, {times} times",
    )
    if times == 1:
        phone.wait_heard(PROMPT_HZ[step], within=25)
    phone.press(keys)


def files_with(folder: Path, *secrets: str) -> list[str]:
    """Every file of a run in which one of these stands."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            found += [f"{path}: {each}" for each in secrets if each.encode() in body]
    return found


def test_a_card_is_charged_and_nobody_else_sees_it(world: World) -> None:
    adapter = start_adapter(world)
    inbox, records, report = world.inbox(), world.inbox(), world.report()
    connector = Connector(world)
    phone = world.call(
        [
            record(records, "all", stereo=True),
            sleep(0.5),
            pay(
                world,
                connector,
                charge_amount="25.00",
                currency="eur",
                payment_method="credit-card",
                input="dtmf",
                token_type="one-time",
                min_postal_code_length=5,
                max_attempts=2,
                description="a book",
                status_url=inbox.url,
                parameters=[{"name": "order", "value": "7"}],
            ),
            sleep(0.7),
            stop("all"),
            report.step(),
        ],
        says=tone(500),
        adapter=adapter,
    )
    enter(phone, inbox, "payment-card-number", CARD)
    enter(phone, inbox, "expiration-date", f"#{EXPIRY}")
    enter(phone, inbox, "security-code", f"{CODE}#")
    enter(phone, inbox, "postal-code", "9021#")
    enter(phone, inbox, "postal-code", "90210#", 2)
    variables = report.wait(within=15)
    assert variables["pay_result"] == "success"
    assert variables["pay_payment_results"] == {
        "payment_token": "",
        "payment_confirmation_code": "ch_1",
        "payment_card_number": "************1111",
        "payment_card_type": "visa",
        "payment_card_expiration_date": EXPIRY,
        "payment_card_security_code": "***",
        "payment_card_postal_code": "90210",
        "payment_error": "",
        "payment_error_code": "",
    }
    (order,) = connector.orders
    assert order.pop("transaction_id")
    assert order == {
        "method": "credit-card",
        "cardnumber": CARD,
        "cvv": CODE,
        "expiry_month": "12",
        "expiry_year": "99",
        "postal_code": "90210",
        "chargeAmount": "25.00",
        "currency_code": "eur",
        "token_type": "one-time",
        "description": "a book",
        "parameters": {"order": "7"},
    }
    eventually(lambda: len(told(inbox)) == 7)
    fine = [(step, "") for step in [*PROMPT_HZ][:6]]
    assert told(inbox) == [*fine[:4], ("postal-code", "invalid-postal-code"), *fine[4:]]
    last = inbox.events[-1]["params"]
    assert (last["payment_card_number"], last["security_code"]) == ("************1111", "***")
    phone.wait_ended()
    assert_masked(world, records)
    adapter.stop()
    assert not files_with(adapter.folder, CARD, f'"{CODE}"', CARD[:-4])


def assert_masked(world: World, records: Inbox) -> None:
    """Silence while the card was typed, sound before and after."""
    audio = world.listen_to(records.wait_ended("all"))
    assert records.states("all") == ["recording", "paused", "recording", "finished"]
    for hz in (600, 700, 800):
        assert audio.seconds_of(hz, channel=1) < 0.05, f"{hz} Hz: a card is asked for"
    assert audio.seconds_of(900, channel=1) > 0.15, "the postal code is no secret"
    assert 1.0 < audio.seconds_of(500, channel=0) < audio.seconds - 0.4


def start_adapter(world: World) -> AdapterProcess:
    return world.start_adapter({"swml": documents_by_number(world.receiver)})


def test_what_is_wrong_is_asked_again(world: World) -> None:
    inbox, report = world.inbox(), world.report()
    connector = Connector(
        world, answer(402, charge_id=None, error_code="no_funds", error_message="Too little")
    )
    phone = world.call(
        [
            pay(world, connector, max_attempts=3, status_url=inbox.url, postal_code="10115"),
            report.step(),
        ]
    )
    enter(phone, inbox, "payment-card-number", "4111111111111112#")
    enter(phone, inbox, "payment-card-number", f"{CARD}#", 2)
    enter(phone, inbox, "expiration-date", "1320")
    enter(phone, inbox, "expiration-date", EXPIRY, 2)
    enter(phone, inbox, "security-code", "12#")
    enter(phone, inbox, "security-code", CODE, 2)
    enter(phone, inbox, "payment-card-number", AMEX, 3)
    enter(phone, inbox, "expiration-date", EXPIRY, 3)
    enter(phone, inbox, "security-code", "1234", 3)
    variables = report.wait(within=15)
    assert variables["pay_result"] == "success"
    assert variables["pay_payment_results"]["payment_card_type"] == "amex"
    eventually(lambda: told(inbox)[-1:] == [("payment-completed", "")])
    assert told(inbox) == [
        ("payment-card-number", ""),
        ("payment-card-number", "invalid-card-number"),
        ("expiration-date", ""),
        ("expiration-date", "invalid-date"),
        ("security-code", ""),
        ("security-code", "invalid-security-code"),
        ("payment-processing", ""),
        ("payment-card-number", "card-declined"),
        ("expiration-date", ""),
        ("security-code", ""),
        ("payment-processing", ""),
        ("payment-completed", ""),
    ]
    first, second = connector.orders
    assert first["transaction_id"] != second["transaction_id"]
    assert (second["cardnumber"], second["cvv"], second["postal_code"]) == (AMEX, "1234", "10115")
    assert second["chargeAmount"] == "0", "only a token is wanted"


@pytest.mark.parametrize(
    ("keys", "result", "last"),
    [
        ("", "too-many-failed-attempts", ("payment-failed", "timeout")),
        ("41*", "caller-interrupted-with-star", ("payment-canceled", "")),
        (AMEX, "too-many-failed-attempts", ("payment-failed", "invalid-card-type")),
        (CARD, "payment-connector-error", ("payment-failed", "card-declined")),
        (STOP, "relay-pay-stop", ("payment-canceled", "")),
    ],
    ids=["nothing", "star", "wrong type", "declined", "stopped"],
)
def test_how_it_fails(world: World, keys: str, result: str, last: tuple[str, str]) -> None:
    inbox, report = world.inbox(), world.report()
    connector = Connector(world, answer(500, error_code="down", error_message="later"))
    wanted = pay(
        world,
        connector,
        valid_card_types="visa",
        security_code=False,
        postal_code=False,
        timeout=30 if keys == STOP else 1,
        status_url=inbox.url,
    )
    phone = world.call([wanted, report.step()])
    if keys == STOP:
        stop_pay(world, inbox)
    elif keys:
        enter(phone, inbox, "payment-card-number", keys)
    if keys == CARD:
        enter(phone, inbox, "expiration-date", EXPIRY)
    variables = report.wait(within=15)
    assert variables["pay_result"] == result
    eventually(lambda: told(inbox)[-1:] == [last])
    if keys == CARD:
        assert variables["pay_payment_results"]["connector_error"] == {
            "code": "down",
            "message": "later",
        }
    else:
        assert not connector.hits
    phone.wait_heard(PROMPT_HZ[last[0]], seconds=0.1)


def stop_pay(world: World, inbox: Inbox) -> None:
    """By a command, once the card is asked for."""
    eventually(lambda: told(inbox), what="the first question")
    params = inbox.events[0]["params"]
    rest = Rest(world.adapter.url)
    other = rest.ask(STOP, params["call_id"], control_id="another")
    assert (other.status, *other.error) == (422, "invalid_parameter", "control_id")
    rest.do(STOP, params["call_id"], control_id=params["control_id"])


def test_a_crash_leaves_nothing_of_the_card(world: World) -> None:
    adapter, records, report = start_adapter(world), world.inbox(), world.report()
    connector, inbox = Connector(world), world.inbox()
    phone = world.call(
        [
            record(records, "all", stereo=True),
            sleep(0.5),
            pay(world, connector, postal_code=False, status_url=inbox.url),
            sleep(0.6),
            stop("all"),
            report.step(),
            STAY,
        ],
        says=tone(500),
        adapter=adapter,
    )
    enter(phone, inbox, "payment-card-number", CARD)
    phone.wait_heard(PROMPT_HZ["expiration-date"])
    adapter.kill()
    assert not files_with(adapter.folder, CARD, CARD[:-4])
    remain(lambda: not phone.ended, during=0.3, what="the call")
    adapter.start()
    enter(phone, inbox, "payment-card-number", CARD, 2)
    enter(phone, inbox, "expiration-date", EXPIRY, 2)
    enter(phone, inbox, "security-code", CODE)
    assert report.wait(within=15)["pay_result"] == "success"
    assert len(connector.hits) == 1
    audio = world.listen_to(records.wait_ended("all"))
    for hz in (600, 700, 800):
        assert audio.seconds_of(hz, channel=1) < 0.05, f"{hz} Hz: a card is asked for"
    assert audio.seconds_of(500, channel=0) > 0.8, "it goes on afterwards"
    assert not files_with(adapter.folder, CARD, CARD[:-4])


def test_a_caller_who_hangs_up_has_canceled(world: World) -> None:
    inbox, records, connector = world.inbox(), world.inbox(), Connector(world)
    phone = world.call(
        [record(records, "all"), pay(world, connector, status_url=inbox.url)], says=tone(500)
    )
    enter(phone, inbox, "payment-card-number", CARD)
    phone.wait_heard(PROMPT_HZ["expiration-date"])
    phone.hang_up()
    eventually(lambda: told(inbox)[-1:] == [("payment-canceled", "")])
    records.wait_ended("all")
    assert not connector.hits
