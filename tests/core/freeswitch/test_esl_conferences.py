"""What mod_conference is told, whatever a document calls its conference."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.freeswitch import conferences
from adapter.freeswitch.errors import UnsafeValue

PLAIN = re.compile(r"[A-Za-z0-9_.=~-]+")

names = st.text(min_size=1, max_size=60)


@given(names)
def test_a_name_is_plain_characters_only(name: str) -> None:
    assert PLAIN.fullmatch(conferences.room(name))
    assert PLAIN.fullmatch(conferences.room(name, owner=name))


@given(names, names)
def test_two_names_are_two_conferences(one: str, other: str) -> None:
    same = one.encode(errors="replace") == other.encode(errors="replace")
    assert (conferences.room(one) == conferences.room(other)) is same


@given(names, names, names)
def test_an_owner_is_never_part_of_a_name(name: str, owner: str, other: str) -> None:
    assert conferences.room(name, owner) != conferences.room(other)


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("team_meeting", "team_meeting"),
        ("3000", "3000"),
        ("my room", "my=20room"),
        ("a@video+1234", "a=40video=2B1234"),
        ("${system(touch x)}", "=24=7Bsystem=28touch=20x=29=7D"),
        ("list", "=6Cist"),
        ("LIST", "=4CIST"),
        ("a=20b", "a=3D20b"),
        ("x~y", "x=7Ey"),
    ],
)
def test_names(name: str, room: str) -> None:
    assert conferences.room(name) == room


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(UnsafeValue, match="1 to 200"):
        conferences.room(name)


def test_how_it_is_entered_and_asked() -> None:
    assert conferences.join("room", "default", ["moderator", "mute"]) == (
        "room@default+flags{moderator|mute}"
    )
    assert conferences.ask("room", "count") == b"api conference room get count\n\n"
    assert conferences.watch("room") == b"filter Conference-Name room\n\n"
    assert conferences.unwatch("room") == b"filter delete Conference-Name room\n\n"
    assert conferences.listen() == b"event plain CUSTOM conference::maintenance\n\n"
    assert conferences.let_speak("room", "7") == b"api conference room unmute 7 quiet\n\n"
    assert conferences.record("room", "/r/a.wav") == (
        b"api conference room recording start /r/a.wav\n\n"
    )


@pytest.mark.parametrize("value", ["a b", "", "x\ny", "ü"])
def test_what_a_conference_does_not_remember(value: str) -> None:
    with pytest.raises(UnsafeValue):
        conferences.remember("room", "swml_x", value)


def test_members_by_the_switchs_list() -> None:
    listed = (
        "1;sofia/internal/1555@127.0.0.1;uuid-1;Al;1555;hear|speak|talking|floor;0;0;100\n"
        "2;sofia/internal/1556@127.0.0.1;uuid-2;;1556;hear|speak;0;0;100\n\n"
    )
    assert conferences.parsed_members(listed) == [
        conferences.Member("1", "uuid-1"),
        conferences.Member("2", "uuid-2"),
    ]
    assert conferences.parsed_members("-ERR Conference room not found") == []
