"""Who is told of a conference, as the conference's variables carry it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.callbacks.address import Method
from adapter.conferences.listeners import KINDS, PREFIX, USUAL, Listener, listening
from adapter.freeswitch.wire import Event

URL = "http://user:secret@example.com/status?a=1&b=ü"


def event(*listeners: Listener, **others: str) -> Event:
    lines = {one.variable: one.token for one in listeners} | others
    return Event("".join(f"{name}: {value}\n" for name, value in lines.items()).encode())


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sets(st.sampled_from(KINDS)),
    st.sampled_from(["GET", "POST"]),
)
def test_a_listener_comes_back_as_it_went(url: str, kinds: set[str], method: Method) -> None:
    listener = Listener(url, frozenset(kinds), method)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", listener.token)
    assert re.fullmatch(rf"{PREFIX}[0-9a-f]{{16}}", listener.variable)
    assert Listener.from_token(listener.token) == listener
    assert listening(event(listener)) == [listener]


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        (None, USUAL),
        ("", USUAL),
        ("nonsense", USUAL),
        ("join leave", {"join", "leave"}),
        ("start,end, speaker", {"start", "end", "speaker"}),
    ],
)
def test_what_a_document_asks_for(asked: str | None, kinds: set[str]) -> None:
    assert Listener.parse(URL, asked).kinds == kinds


def test_each_url_is_told_once_of_what_any_of_its_calls_asked_for() -> None:
    own = Listener(URL, frozenset({"join"}))
    other, third = Listener(URL, frozenset({"leave"})), Listener("http://other.example")
    assert listening(event(other, third), own) == [
        Listener(URL, frozenset({"join", "leave"})),
        third,
    ]


@pytest.mark.parametrize("token", ["", "x", "bm8", "WzFd", "_undef_", "W10"])
def test_anything_else_is_nobody(token: str) -> None:
    assert listening(event(**{f"{PREFIX}0": token})) == []
