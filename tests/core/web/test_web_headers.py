"""A request's headers: what HTTP allows is read, and what two might read differently is refused."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.web.app import _encoded
from adapter.web.headers import MOST, Headers


def read(text):
    return Headers.read(io.BytesIO(text))


def test_fields_are_found_by_any_spelling():
    headers = read(b"Host: h\r\ncontent-TYPE:\ttext/plain \r\nX-A: 1\nX-A: 2\r\n\r\nbody")
    assert (headers.get("HOST"), headers.typeheader) == ("h", "text/plain")
    assert (headers.get("x-a"), headers.get("none", "d")) == ("1", "d")
    assert list(headers.environ()) == [("HTTP_HOST", "h"), ("HTTP_X_A", "1"), ("HTTP_X_A", "2")]


def test_what_is_not_ascii_stays_as_it_is():
    assert read(b"A: \xe9\xff\r\n\r\n").get("a").encode("latin-1") == b"\xe9\xff"


def test_a_field_can_be_taken_out():
    headers = read(b"A: 5\r\nTransfer-Encoding: chunked\r\n\r\n")
    del headers["a"]
    assert headers.getheader("A") is None
    assert headers.items() == [("Transfer-Encoding", "chunked")]


def test_an_underscore_takes_no_other_fields_place():
    assert list(read(b"X_A: forged\r\nX-A: true\r\n\r\n").environ()) == [("HTTP_X_A", "true")]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"A: 1",
        b"A: 1\r\n",
        b"no colon\r\n\r\n",
        b": nameless\r\n\r\n",
        b"A : 1\r\n\r\n",
        b" A: 1\r\n\r\n",
        b"A: 1\r\n folded\r\n\r\n",
        b"A: 1\rB: 2\r\n\r\n",
        b"A: \0\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"Content-Length: +1\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 1, 1\r\n\r\n",
        b"Content-Length: \xb2\r\n\r\n",
        b"A: 1\r\n" * (MOST + 1) + b"\r\n",
    ],
)
def test_all_else_is_refused(text):
    with pytest.raises(ValueError, match=r"Content-Length|header"):
        read(text)


@given(st.binary(max_size=200))
def test_nothing_else_is_raised(text):
    try:
        for name, value in read(text + b"\r\n\r\n").items():
            assert not set(name + value) & set("\r\n\0")
    except ValueError:
        pass


def test_an_answer_may_hold_what_is_no_utf8():
    assert _encoded({"from": "a\udcff", "to": "ä"}) == b'{"from": "a\\udcff", "to": "\\u00e4"}'
