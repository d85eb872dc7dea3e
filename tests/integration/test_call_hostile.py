"""What comes from outside is data: nothing of it is run by the switch, wherever it turns up.

The evil text tries to touch a file, by every way that a switch might run it. It comes as the
caller's name, as a SIP header, from a web server, and is then used where the switch expands.
"""

import itertools
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from worlds.steps import SETTLED, play, record, sleep, stop
from worlds.world import World

EVIL: dict[str, Callable[[Path], str]] = {
    "expansion": lambda file: "${system(touch %s)}" % file,
    "nested expansion": lambda file: "$${${system(touch %s)}}" % file,
    "expansion of the second round": lambda file: "%%{system(touch %s)}" % file,
    "percent-encoded lines": lambda file: "x%%0A%%0Aapi system touch %s%%0A%%0A" % file,
    "line separator": lambda file: "x\u2028\u2028api system touch %s\u2028\u2028" % file,
    "separators": lambda file: "x|y,z}{[^^;!@@://${system(touch %s)}" % file,
}


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    return tmp_path / "touched"


@pytest.mark.parametrize("evil", list(EVIL))
def test_a_callers_name_and_header_are_text(world: World, traces: Path, evil: str) -> None:
    text = EVIL[evil](traces)
    report, inbox = world.report(), world.inbox()
    phone = world.run(
        [
            *SETTLED,
            {"set": {"header": "${call.headers['X-Evil']}", "again": "${header}"}},
            play("say:${header}", "${header}", auto_answer=True),
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
    """A document may hold anything; `%{` stands for what SWML would expand itself."""
    text = EVIL[evil](traces)
    report, inbox = world.report(), world.inbox()
    split = {"a": text.replace("{", "\x00").split("\x00")[0], "b": text[len(text.split("{")[0]) :]}
    phone = world.run(
        [
            {"set": {**split, "evil": "${a}${b}"}},
            *SETTLED,
            {"answer": {"codecs": "${evil}"}},
            play("say:${evil}"),
            play("${evil}"),
            play("http://127.0.0.1:1/${evil}"),
            record(inbox, "${evil}"),
            sleep(0.1),
            stop("${evil}"),
            {"hangup": {"reason": "${evil}"}},
        ]
    )
    assert world.switch.wait_ending(phone.number)
    inbox.wait_ended()
    assert not traces.exists()
    assert not report.hits()


@pytest.mark.parametrize(
    "name",
    [b"caf\xe9 \xff\xfe", b"%0d%0aEvent-Name: CHANNEL_HANGUP%0d%0a", b"\xe2\x80\xa8\xe2\x80\xa9"],
    ids=["no UTF-8", "header lines", "line separators"],
)
def test_a_name_that_is_no_text_does_not_disturb_the_call(world: World, name: bytes) -> None:
    inbox = world.inbox()
    world.run([*SETTLED, record(inbox), sleep(0.4)], name=name)
    assert inbox.wait_for("finished")["duration"] == pytest.approx(0.4, abs=0.1)


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


def _call(world: World, number: str) -> dict[str, object]:
    call: dict[str, object] = world.wait_fetch(number).json["call"]
    return call
