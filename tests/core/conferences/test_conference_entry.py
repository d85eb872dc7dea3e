"""How a call enters, and what is remembered of its stay."""

import pytest

from adapter.conferences.entry import STAY_VARIABLE, Entry, Stay


def entry(**changes: object) -> Entry:
    return Entry(room="room", profile="default", **changes)  # type: ignore[arg-type]


def wait(_until: object) -> None:
    """Plays something."""


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, ["moderator"]),
        ({"starts": False}, ["wait-mod"]),
        ({"starts": False, "waits": wait}, ["wait-mod", "deaf"]),
        ({"waits": wait}, ["moderator"]),
        ({"muted": True, "ends": True}, ["moderator", "mute", "endconf"]),
        ({"coached": "call-1"}, ["moderator", "mute"]),
    ],
)
def test_flags(changes: dict[str, object], flags: list[str]) -> None:
    assert entry(**changes).flags == flags


def test_a_beep_that_is_not_wanted_silences_the_profiles_own() -> None:
    variables = entry(enter_sound="tone_stream://x", max_members=3).variables
    assert variables["conference_enter_sound"] == "tone_stream://x"
    assert variables["conference_exit_sound"] == "silence_stream://1"
    assert variables["conference_max_members"] == "3"
    assert variables["hangup_after_conference"] == "false"


@pytest.mark.parametrize("resume", ["true", "false", ""])
@pytest.mark.parametrize("alone", [True, False])
def test_a_stay_is_remembered(alone: bool, resume: str) -> None:
    stay = Stay("swml:1/7", alone, resume)
    assert Stay.parse(stay.variables[STAY_VARIABLE]) == stay
    assert stay.variables["socket_resume"] == ("false" if alone else "true")


def test_no_stay() -> None:
    assert Stay.parse("") is None
