"""Who is asked what: keys and words go to the methods that wait for them."""

import pytest

from adapter.simulate.person import Person, Plan, _hears, _is_brief, _takes
from adapter.simulate.trace import Trace


@pytest.mark.parametrize(
    ("digits", "method", "params", "takes"),
    [
        ("1", "prompt", {"play": "say:x"}, True),
        ("1", "prompt", {"play": "say:x", "speech_hints": "a"}, False),
        ("1", "prompt", {"play": "say:x", "speech_hints": "a", "max_digits": 2}, True),
        ("#", "record", {}, True),
        ("1", "record", {}, False),
        ("1", "record", {"terminators": "123"}, True),
        ("1", "play", {"url": "say:x"}, False),
    ],
)
def test_keys(digits, method, params, takes):
    assert _takes(digits, method, params) is takes


@pytest.mark.parametrize(
    ("method", "params", "presses", "hears"),
    [
        ("prompt", {"play": "say:x"}, False, False),
        ("prompt", {"play": "say:x", "speech_timeout": 5}, False, True),
        ("prompt", {"play": "say:x", "speech_timeout": 5, "max_digits": 1}, True, False),
        ("record", {}, True, True),
        ("play", {"url": "say:x"}, False, False),
    ],
)
def test_words(method, params, presses, hears):
    assert _hears(method, params, presses) is hears


@pytest.mark.parametrize(
    ("params", "brief"),
    [
        ({"play": "say:x"}, False),
        ({"play": "say:x", "initial_timeout": 0}, True),
        ({"play": "say:x", "initial_timeout": "0.5"}, True),
        ({"play": "say:x", "initial_timeout": "soon"}, False),
        ({"initial_timeout": 0}, False),
    ],
)
def test_who_waits_too_briefly_for_good_manners(params, brief):
    assert _is_brief(params) is brief


def test_what_nobody_asked_for_is_left_over():
    person = Person(Plan(digits=("1", "2#"), speech=("a", "b c"), hangup_at="main[7]"), Trace())
    person._digits, person._speech = list(person.plan.digits), list(person.plan.speech)
    assert person.leftovers() == [
        "never asked for: the digits 1,2#",
        "never asked for: the words a / b c",
        "the step main[7] never began",
    ]
