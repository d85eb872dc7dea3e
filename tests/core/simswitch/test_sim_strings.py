"""Texts are taken apart as the switch does it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.simswitch import strings


@pytest.mark.parametrize(
    ("text", "limit", "words"),
    [
        ("u start /a.wav 0 {a=b}", 5, ["u", "start", "/a.wav", "0", "{a=b}"]),
        ("u name 'b c'  d", 3, ["u", "name", "b c  d"]),
        ("u name b c", 3, ["u", "name", "b c"]),
        ("  u   name  ", 3, ["u", "name"]),
        ("u na\\'me x", 3, ["u", "na'me", "x"]),
        ("u 'a b' c", 3, ["u", "a b", "c"]),
        ("", 3, []),
        (" ", 3, [""]),
    ],
)
def test_words(text: str, limit: int, words: list[str]) -> None:
    assert strings.separate(text, " ", limit) == words


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a=b;c=d", ["a=b", "c=d"]),
        ("a,", ["a,"]),
        ("a;;b", ["a", "", "b"]),
        ("a;", ["a"]),
        ("'a;b';c", ["a;b", "c"]),
        ("a\\;b;c", ["a;b", "c"]),
        ("it's;fine", ["it's", "fine"]),
    ],
)
def test_pieces(text: str, pieces: list[str]) -> None:
    assert strings.separate(text, ";", 64) == pieces


@given(st.text(alphabet="ab ,;={}", max_size=14), st.sampled_from(" ,;="), st.integers(1, 5))
def test_the_short_way_gives_what_the_long_way_gives(text: str, mark: str, limit: int) -> None:
    blank = mark == " "
    pieces = strings._by_blank(text, limit) if blank else strings._by_char(text, mark, limit)
    expected = [strings.clean(piece, "" if blank else mark) for piece in pieces]
    assert strings.separate(text, mark, limit) == expected


@pytest.mark.parametrize(
    ("text", "variables", "rest"),
    [
        ("{a=b,c=d}x", {"a": "b", "c": "d"}, "x"),
        ("{a='b,c',d=e}", {"a": "b,c", "d": "e"}, ""),
        ("{^^;a=b,c;d=e}", {"a": "b,c", "d": "e"}, ""),
        ("{a}", {}, ""),
        ("{a=b", {}, "{a=b"),
        ("x", {}, "x"),
    ],
)
def test_brackets(text: str, variables: dict[str, str], rest: str) -> None:
    assert strings.bracketed(text) == (variables, rest)


def test_percent_decoding() -> None:
    assert strings.url_decode("abc%20d%2Ce%C3%A9%zz") == "abc d,eé%zz"


@pytest.mark.parametrize(("text", "true"), [("true", True), ("1", True), ("0", False), ("", False)])
def test_truth(text: str, true: bool) -> None:
    assert strings.is_true(text) is true
