"""The wire's bytes, as captured from a real switch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.simswitch import frames
from adapter.simswitch.frames import CommandReader, WireFault

COMMANDS = (
    b"connect\n\n"
    b"\r\n\nsendmsg\r\ncall-command: execute\r\nexecute-app-name: log\r\n"
    b"content-type: text/plain\r\ncontent-length: 7\r\n\r\nINFO\n\nx"
    b"api status\n\n"
)


def test_commands_with_and_without_headers_and_body() -> None:
    connect, sendmsg, api = CommandReader().feed(COMMANDS)
    assert connect.line == "connect"
    assert connect.headers == {}
    assert sendmsg.get("execute-app-name") == "log"
    assert sendmsg.body == "INFO\n\nx"
    assert api.line == "api status"


@given(st.lists(st.integers(min_value=1, max_value=len(COMMANDS)), max_size=8))
def test_however_the_bytes_are_cut_the_commands_are_the_same(cuts: list[int]) -> None:
    whole = list(CommandReader().feed(COMMANDS))
    reader, found, last = CommandReader(), [], 0
    for cut in [*sorted(cuts), len(COMMANDS)]:
        found += reader.feed(COMMANDS[last:cut])
        last = cut
    assert found == whole


def test_bytes_that_are_not_utf8_survive() -> None:
    (command,) = CommandReader().feed(b"api echo \xff\xc3\n\n")
    assert frames.raw(command.line) == b"api echo \xff\xc3"


def test_a_length_below_zero_ends_the_connection() -> None:
    with pytest.raises(WireFault):
        list(CommandReader().feed(b"sendmsg\ncontent-length: -1\n\n"))


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("+15551234", b"%2B15551234"),
        ("+OK\n", b"%2BOK%0A"),
        ("tone_stream://%(100,0,440)", b"tone_stream%3A//%25(100,0,440)"),
        ("Sun, 22 Nov 2026 10:09:24 GMT", b"Sun,%2022%20Nov%202026%2010%3A09%3A24%20GMT"),
        ("INFO hi\n ${x}", b"INFO%20hi%0A%20$%7Bx%7D"),
        ("100%", b"100%25"),
        ("%41 is left alone", b"%41%20is%20left%20alone"),
        ("%aF is not", b"%25aF%20is%20not"),
        ("é", b"%C3%A9"),
    ],
)
def test_url_encoding_as_the_switch_does_it(value: str, encoded: bytes) -> None:
    assert frames.url_encode(value) == encoded


def test_an_empty_value_is_undef() -> None:
    assert frames.header_line("variable_x", "") == b"variable_x: _undef_\n"


def test_replies() -> None:
    assert frames.reply("+OK") == b"Content-Type: command/reply\nReply-Text: +OK\n\n"
    assert frames.api_response("") == (
        b"Content-Type: api/response\nContent-Length: 14\n\n-ERR no reply\n"
    )
    assert frames.event_frame(b"x", "json") == (
        b"Content-Length: 1\nContent-Type: text/event-json\n\nx"
    )


def test_notices_end_a_call_and_a_connection() -> None:
    linger = frames.linger_notice("u", "sofia/internal/+1@h", 3)
    assert linger == (
        b"Content-Type: text/disconnect-notice\nControlled-Session-UUID: u\n"
        b"Content-Disposition: linger\nChannel-Name: sofia/internal/+1@h\n"
        b"Linger-Time: 3\nContent-Length: 0\n\n"
    )
    goodbye = frames.disconnect_notice(None)
    assert goodbye.startswith(b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n")
    assert len(goodbye.partition(b"\n\n")[2]) == 67
