"""Who has answered, by what is heard and when."""

import math
import random
from array import array

import pytest

from adapter.speech.activity import RATE, Frames
from adapter.speech.answerer import Answerer, Rules
from adapter.speech.tones import frequency


def silence(seconds: float) -> array:
    return array("h", bytes(2 * round(seconds * RATE)))


def voice(seconds: float) -> array:
    """Noise, as loud as speech and no tone."""
    dice = random.Random(5)
    return array("h", [dice.randint(-4000, 4000) for _ in range(round(seconds * RATE))])


def tone(hertz: float, seconds: float, peak: int = 6000) -> array:
    count = round(seconds * RATE)
    return array(
        "h", [round(peak * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(count)]
    )


def words(count: int, pause: float = 0.2) -> array:
    return sum((voice(0.3) + silence(pause) for _ in range(count)), array("h"))


def hear(rules: Rules, *parts: array) -> tuple[list[tuple[str, float]], Answerer]:
    """(verdict, when) of each, until it is over."""
    answerer, found = Answerer(rules), []
    for part in Frames().cut(sum(parts, array("h"))):
        found += [(str(verdict), round(answerer.seconds, 1)) for verdict in answerer.hear(part)]
        if answerer.over:
            break
    return found, answerer


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([silence(0.5), voice(0.6), silence(3)], [("HUMAN", 2.1)]),
        ([voice(0.4), silence(0.3), voice(0.5), silence(3)], [("HUMAN", 2.2)]),
        ([silence(0.5), voice(5)], [("MACHINE", 1.8)]),
        ([words(8)], [("MACHINE", 2.6)]),
        ([words(5), silence(2)], [("HUMAN", 3.3)]),
        ([silence(9)], [("UNKNOWN", 4.5)]),
        ([silence(1), tone(2100, 3)], [("FAX", 1.5)]),
        # A mailbox's greeting of which only the pauses inside words are heard.
        ([voice(0.7), silence(0.06), voice(0.7)], [("MACHINE", 1.3)]),
        # The other fax tone, a click, and the ringing of a tone are neither.
        ([tone(1100, 3), silence(3)], [("UNKNOWN", 4.5)]),
        ([voice(0.04), silence(9)], [("UNKNOWN", 4.5)]),
    ],
)
def test_verdicts(parts, found):
    heard, _ = hear(Rules(), *parts)
    assert [(name, pytest.approx(at, abs=0.11)) for name, at in found] == heard


def test_the_other_end_of_a_fax():
    assert hear(Rules(tone="CNG"), tone(1100, 0.5))[0][0][0] == "FAX"


def test_only_a_fax_is_looked_for():
    assert hear(Rules(person=False), voice(3), silence(3), tone(2100, 3))[0] == [("FAX", 6.5)]


def test_the_beep_after_a_greeting():
    rules = Rules(message_end=True, ready_silence=2)
    heard, answerer = hear(rules, voice(3), silence(0.5), tone(1000, 0.3), silence(3))
    assert [name for name, _ in heard] == ["MACHINE", "READY"]
    assert heard[1][1] == pytest.approx(3.6, abs=0.1)
    assert answerer.beep


def test_silence_after_a_greeting_without_a_beep():
    heard, answerer = hear(Rules(message_end=True), voice(3), silence(3))
    assert heard == [
        ("MACHINE", pytest.approx(1.25, abs=0.1)),
        ("READY", pytest.approx(4, abs=0.1)),
    ]
    assert not answerer.beep


def test_a_machine_that_talks_on_is_not_ready():
    rules = Rules(message_end=True, goes_on=True)
    heard, _ = hear(rules, voice(2), silence(1.5), voice(1), silence(2))
    assert [name for name, _ in heard] == ["MACHINE", "READY", "NOT_READY", "READY"]


@pytest.mark.parametrize("hertz", [350, 440, 1100, 2100, 3300])
def test_a_tone_has_its_frequency(hertz):
    assert frequency(tone(hertz, 0.02)) == pytest.approx(hertz, abs=3)


@pytest.mark.parametrize(
    "frame", [voice(0.02), silence(0.02), tone(1000, 0.02, peak=100), array("h", [9000] * 160)]
)
def test_what_is_no_tone(frame):
    found = frequency(frame)
    assert found is None or found < 20
