"""What comes from outside is data: nothing of it is run by the switch, wherever it turns up.

The evil text tries to touch a file, by every way that a switch might run it. It comes as the
caller's name, as a SIP header, from a web server, and is then used where the switch expands.
"""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from worlds.steps import SETTLED, STAY, play, record, sleep, stop
from worlds.world import World, documents_by_number

EVIL = {
    "expansion": "${system(touch FILE)}",
    "nested expansion": "$${${system(touch FILE)}}",
    "expansion of the second round": "%{system(touch FILE)}",
    "percent-encoded lines": "x%0A%0Aapi system touch FILE%0A%0A",
    "line separator": "x\u2028\u2028api system touch FILE\u2028\u2028",
    "separators": "x|y,z}{[^^;!@@://${system(touch FILE)}",
}


@pytest.fixture
def traces() -> Iterator[Path]:
    """The file that must not come to be. Its name is short, since it is spoken."""
    with tempfile.TemporaryDirectory(prefix="", dir="/tmp") as folder:
        yield Path(folder) / "t"


@pytest.mark.parametrize("evil", list(EVIL))
def test_a_callers_name_and_header_are_text(world: World, traces: Path, evil: str) -> None:
    text = EVIL[evil].replace("FILE", str(traces))
    report, inbox = world.report(), world.inbox()
    phone = world.run(
        [
            *SETTLED,
            {"set": {"header": "${call.headers['X-Evil']}", "again": "${header}"}},
            play("${header}"),
            record(inbox, "${header}"),
            stop("${header}"),
            report.step(),
        ],
        name=text,
        headers={"X-Evil": text},
    )
    seen = {each["name"]: each["value"] for each in _call(world, phone.number)["headers"]}
    # The switch itself keeps a header out that holds ${.
    if "X-Evil" in seen:
        # Its events do not tell a %0A that was sent from a line end.
        assert seen["X-Evil"] in (text, unquote(text))
        assert report.wait()["again"] == seen["X-Evil"]
    report.wait()
    assert not traces.exists()


@pytest.mark.parametrize("evil", list(EVIL))
def test_what_a_web_server_says_is_text(world: World, traces: Path, evil: str) -> None:
    """A document may put together what SWML would have expanded itself."""
    text = EVIL[evil].replace("FILE", str(traces))
    inbox, report = world.inbox(), world.report()
    phone = world.run(
        [
            {"set": {"dollar": "$", "percent": "%", "evil": _in_pieces(text)}},
            {"answer": {"codecs": "${evil}"}},
            *SETTLED,
            play("say:${evil}"),
            play("http://127.0.0.1:1/${evil}"),
            record(inbox, "${evil}"),
            sleep(0.1),
            stop("${evil}"),
            report.step(),
            {"hangup": {"reason": "${evil}"}},
        ]
    )
    assert world.switch.wait_ending(phone.number)
    assert inbox.wait_ended()["control_id"] == text
    assert report.wait()["evil"] == text
    assert not traces.exists()


@pytest.mark.parametrize(
    "name",
    [b"caf\xe9 \xff\xfe", b"%0d%0aEvent-Name: CHANNEL_HANGUP%0d%0a", b"\xe2\x80\xa8\xe2\x80\xa9"],
    ids=["no UTF-8", "header lines", "line separators"],
)
def test_a_name_that_is_no_text_does_not_disturb_the_call(world: World, name: bytes) -> None:
    inbox = world.inbox()
    world.run([*SETTLED, record(inbox), sleep(0.4)], name=name)
    world.assert_lasts(inbox.wait_for("finished")["duration"], 0.4)


def test_a_number_that_is_none_is_a_fact_like_others(world: World) -> None:
    callers = ["15%3B55", "a.b-c_d", "+15551234567", "anonymous"]
    phones = [world.call([{"answer": {}}, sleep(0.1)], caller=caller) for caller in callers]
    for phone, caller in zip(phones, callers, strict=True):
        phone.wait_ended()
        assert _call(world, phone.number)["sip_data"]["sip_from_user"] in (
            caller,
            caller.replace("%3B", ";"),
        )


def test_a_flood_of_digits_disturbs_nothing(world: World) -> None:
    inbox = world.inbox()
    phone = world.call([*SETTLED, record(inbox, terminators="#"), sleep(30)])
    inbox.wait_for("recording")
    for digits in itertools.repeat("123456789*0", 3):
        phone.press(digits)
    phone.press("#")
    inbox.wait_for("finished", within=15)


def _in_pieces(text: str) -> str:
    """A value that SWML expands to `text`."""
    return "".join({"$": "${dollar}", "%": "${percent}"}.get(char, char) for char in text)


def _call(world: World, number: str) -> dict[str, Any]:
    call: dict[str, Any] = world.wait_fetch(number).json["call"]
    return call


def test_a_caller_that_calls_too_often_is_refused_with_a_cause(world: World) -> None:
    adapter = world.start_adapter(
        {"swml": documents_by_number(world.receiver), "limits": {"calls_per_peer": 2}}
    )
    report = world.report()
    for number in range(2):
        world.call([*SETTLED, report.step(str(number)), STAY], adapter=adapter)
        report.wait(str(number))
    third = world.run([*SETTLED, report.step("third"), STAY], adapter=adapter)
    ending = world.switch.wait_ending(third.number)
    assert ending["Hangup-Cause"] == "NORMAL_CIRCUIT_CONGESTION"
    assert not report.hits("third")
