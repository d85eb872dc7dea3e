"""The event socket's framing: any split of the bytes, any content, any hostility."""

from collections.abc import Iterable
from itertools import accumulate, chain, pairwise
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapter.freeswitch import wire
from adapter.freeswitch.errors import WireError
from adapter.freeswitch.wire import Event, Frame, FrameReader, Headers

NAMES = st.text("AZaz09_-", min_size=1, max_size=8)
VALUES = st.text() | st.sampled_from(
    ["", " ", "a\nb", "a: b", "%", "%0A", "\u2028", "\x85", "\x00"]
)


def frame(content_type: str, body: bytes = b"", **headers: str) -> bytes:
    lines = {"Content-Type": content_type, **headers}
    if body:
        lines["Content-Length"] = str(len(body))
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in lines.items())
    return head.encode() + b"\n" + body


def event_frame(headers: dict[str, str], body: bytes = b"") -> bytes:
    """An event as switch_event_serialize writes it: values url-encoded, then its own body."""
    block = "".join(
        f"{name}: {quote(value, safe='') or '_undef_'}\n" for name, value in headers.items()
    )
    if body:
        block += f"Content-Length: {len(body)}\n"
    return frame("text/event-plain", block.encode() + b"\n" + body)


def read(*pieces: bytes) -> list[Frame]:
    reader = FrameReader()
    return [frame for piece in pieces for frame in reader.receive(piece)]


def read_event(data: bytes) -> Event:
    (only,) = read(data)
    return only.event()


def facts(frames: list[Frame]) -> list[object]:
    return [(frame.content_type, list(frame.items()), frame.body) for frame in frames]


STRAYS = b"\n\n\n"  # what `getvar` of a value with newlines leaves behind
PIECES = [
    frame("auth/request"),
    frame("command/reply", Reply_Text="+OK accepted"),
    STRAYS,
    event_frame({"Event-Name": "DTMF", "DTMF-Digit": "#"}),
    frame("api/response", b"+OK\n\nContent-Type: no/header\n\n"),
    event_frame({"Event-Name": "MESSAGE"}, b"line\n\nContent-Length: 5\n"),
    frame("text/disconnect-notice", b"Disconnected\n", Content_Disposition="linger"),
]
STREAM = b"".join(PIECES)
TYPES = [
    "auth/request",
    "command/reply",
    "text/event-plain",
    "api/response",
    "text/event-plain",
    "text/disconnect-notice",
]


# -- splitting -----------------------------------------------------------------------------------


def test_whole_stream_at_once():
    assert [frame.content_type for frame in read(STREAM)] == TYPES


def test_split_at_every_byte():
    whole = facts(read(STREAM))
    for cut in range(len(STREAM) + 1):
        assert facts(read(STREAM[:cut], STREAM[cut:])) == whole, cut


def test_byte_by_byte():
    assert facts(read(*(bytes([byte]) for byte in STREAM))) == facts(read(STREAM))


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_pieces(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    assert facts(read(*pieces)) == facts(read(STREAM))


def test_a_frame_is_given_out_before_the_next_one_arrives():
    reader = FrameReader()
    assert len(list(reader.receive(frame("command/reply", Reply_Text="+OK")))) == 1
    assert list(reader.receive(b"Content-Type: command/reply\n")) == []


# -- content -------------------------------------------------------------------------------------


@given(st.dictionaries(NAMES, VALUES.filter(lambda value: value != "_undef_")))
def test_headers_come_back_as_they_were(headers):
    event = read_event(event_frame({"Event-Name": "CUSTOM", **headers}))
    for name, value in headers.items():
        assert event.get(name) == event[name] == value
        assert name in event
    assert dict(event.items()) == {"Event-Name": "CUSTOM", **headers}


@given(st.dictionaries(NAMES, VALUES.filter(lambda value: value != "_undef_")), NAMES)
def test_headers_by_prefix(headers, prefix):
    expected = {k.removeprefix(prefix): v for k, v in headers.items() if k.startswith(prefix)}
    assert read_event(event_frame({"X": "1", **headers})).starting(prefix) == {
        **({"X".removeprefix(prefix): "1"} if "X".startswith(prefix) else {}),
        **expected,
    }


@given(st.dictionaries(NAMES, VALUES.filter(lambda value: value != "_undef_")), NAMES)
def test_a_part_of_the_headers_is_a_block_of_those_alone(headers, prefix):
    part = read_event(event_frame({"X": "1", **headers})).part(prefix)
    expected = {k: v for k, v in {"X": "1", **headers}.items() if k.startswith(prefix)}
    assert dict(part.items()) == expected
    assert all(part.get(name) == value for name, value in expected.items())
    assert part.get("Y") == expected.get("Y", "")


@given(st.dictionaries(NAMES, VALUES), st.binary(min_size=1))
@example({"Unique-ID": "1"}, b"\n\n")
@example({"Unique-ID": "1"}, b"Content-Length: 3\n\n\n")
def test_event_body_stays_out_of_its_headers(headers, body):
    headers = {"Event-Name": "MESSAGE", **headers}
    event = read_event(event_frame(headers, body))
    assert event.body == body
    assert [name for name, _ in event.items()] == [*headers, "Content-Length"]


def test_body_cannot_forge_a_header():
    event = read_event(event_frame({"Event-Name": "MESSAGE"}, b"\nUnique-ID: forged\n\n"))
    assert "Unique-ID" not in event
    assert event.get("Unique-ID") == ""
    with pytest.raises(KeyError):
        event["Unique-ID"]


def test_newline_in_a_value_is_text():
    event = read_event(
        event_frame({"Caller-Name": "x\nEvent-Name: CHANNEL_HANGUP", "Event-Name": "DTMF"})
    )
    assert event.name == "DTMF"
    assert event.get("Caller-Name") == "x\nEvent-Name: CHANNEL_HANGUP"


@pytest.mark.parametrize("break_", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_only_a_line_feed_ends_a_line(break_):
    raw = f"Event-Name: DTMF\nName: a{break_}Unique-ID: forged\n".encode()
    event = read_event(frame("text/event-plain", raw + b"\n"))
    assert "Unique-ID" not in event
    assert event.get("Name") == f"a{break_}Unique-ID: forged"


@pytest.mark.parametrize("raw", [b"a\xffb", b"a%FFb"])
def test_bytes_that_are_no_utf8_are_replaced(raw):
    event = read_event(frame("text/event-plain", b"Event-Name: DTMF\nName: " + raw + b"\n\n"))
    assert event.get("Name") == "a\ufffdb"
    assert event.name == "DTMF"


@pytest.mark.parametrize("last", [b"X-Last:\n\n", b"X-Last: \n\n", b"X-Last: _undef_\n\n"])
def test_empty_last_header_is_there_and_empty(last):
    event = read_event(frame("text/event-plain", b"Event-Name: DTMF\nX-First: 1\n" + last))
    assert "X-Last" in event
    assert event.get("X-Last", "absent") == ""
    assert event.get("X-First") == "1"


def test_name_is_matched_whole():
    headers = Headers(b"Unique-ID-Other: 1\nOther-Unique-ID: 2\nUnique-ID: 3")
    assert headers.get("Unique-ID") == "3"
    assert headers.get("Unique-I", "absent") == "absent"
    assert headers.get("ID", "absent") == "absent"


def test_first_header_of_a_name_counts():
    assert Headers(b"A: 1\nA: 2").get("A") == "1"


def test_lines_without_a_colon_are_left_out():
    assert list(Headers(b"A: 1\nno header\nB: 2").items()) == [("A", "1"), ("B", "2")]


def test_carriage_returns_belong_to_the_line_end():
    assert Headers(b"A: 1\r\nB: 2\r").get("A") == "1"
    assert Headers(b"A: 1\r\nB: 2\r").get("B") == "2"


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (frame("command/reply", Reply_Text="-ERR no such channel"), "-ERR no such channel"),
        (frame("api/response", b"+OK Success\n"), "+OK Success"),
        (frame("api/response", b"a%2Cb \xff\n"), "a%2Cb \ufffd"),
        (frame("api/response"), ""),
        (frame("command/reply"), ""),
        (b"Content-Length: 0\nContent-Type: api/response\n\n", ""),
    ],
)
def test_reply(data, reply):
    assert [frame.reply for frame in read(data)] == [reply]


def test_answer_to_connect_is_one_frame_without_a_body():
    block = "Event-Name: CHANNEL_DATA\nUnique-ID: 1%2D2\nContent-Type: command/reply\n"
    (answer,) = read(f"{block}Reply-Text: %2BOK%0A\nvariable_x: a%0Ab\n\n".encode())
    assert answer.reply == "+OK\n"
    assert answer.get("variable_x") == "a\nb"
    assert answer.get("Unique-ID") == "1-2"


def test_event_shows_its_name_and_call():
    assert repr(Event(b"Event-Name: DTMF\nUnique-ID: 7")) == "<Event DTMF 7>"


# -- hostile peers -------------------------------------------------------------------------------


def refused(pieces: Iterable[bytes], **limits: int) -> str:
    reader = FrameReader(**limits)
    with pytest.raises(WireError) as caught:
        list(chain.from_iterable(map(reader.receive, pieces)))
    return str(caught.value)


@pytest.mark.parametrize(
    "length", ["-1", "+1", "1e3", "0x10", "", " ", "1 2", "²", "٣", "9" * 12, "9" * 400, "abc"]
)
def test_length_that_is_no_number(length):
    assert "no number" in refused([f"Content-Type: x/y\nContent-Length: {length}\n\n".encode()])


def test_length_over_the_limit_is_refused_before_the_body_comes():
    assert "at most 10 " in refused([b"Content-Type: x/y\nContent-Length: 11\n\n"], max_body=10)


def test_body_of_the_limit_is_read():
    reader = FrameReader(max_body=10)
    assert [f.body for f in reader.receive(frame("x/y", b"0123456789"))] == [b"0123456789"]


@pytest.mark.parametrize(
    "head", [b"Reply-Text: +OK\n\n", b"Content-Type:\n\n", b"content-type: x\n\n", b"x\n\n"]
)
def test_frame_without_content_type(head):
    assert "without Content-Type" in refused([head])


def test_endless_header_is_refused_early():
    chunks = iter([b"X-Long: " + b"x" * 65528] * 1600)
    assert "header block" in refused(chunks)
    assert sum(1 for _ in chunks) > 1590


def test_header_block_of_the_limit():
    head = b"Content-Type: x/y\nA: "
    fits = head + b"a" * (100 - len(head)) + b"\n\n"
    assert len(list(FrameReader(max_head=100).receive(fits))) == 1
    assert "header block" in refused([fits.replace(b"\n\n", b"a\n\n")], max_head=100)


@given(st.binary())
def test_garbage_is_refused_or_waited_for_but_never_fails_otherwise(garbage):
    reader = FrameReader(max_head=64, max_body=64)
    try:
        for frame in reader.receive(garbage):
            list(frame.items())
            list(frame.event().items())
        reader.end()
    except WireError:
        pass


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_garbage_in_a_frame_of_right_length_ends_nothing(value, body):
    value = value.replace(b"\n", b"")
    data = b"Content-Type: text/event-plain\nX: " + value + b"\nContent-Length: %d\n\n" % len(body)
    good = event_frame({"Event-Name": "DTMF"})
    assert read(data + body + good)[-1].event().name == "DTMF"


# -- the end -------------------------------------------------------------------------------------


BOUNDARIES = {0, *accumulate(len(piece) for piece in PIECES)}
AMONG_STRAYS = {STREAM.index(STRAYS + b"Content") + n for n in range(len(STRAYS))}


def ends_cleanly(data: bytes) -> bool:
    reader = FrameReader()
    list(reader.receive(data))
    try:
        reader.end()
    except WireError:
        return False
    return True


def test_end_is_clean_only_between_frames():
    clean = {cut for cut in range(len(STREAM) + 1) if ends_cleanly(STREAM[:cut])}
    assert clean == BOUNDARIES | AMONG_STRAYS


# -- cost ----------------------------------------------------------------------------------------


def test_an_event_decodes_only_what_is_asked_for(monkeypatch):
    """A real event has up to 170 headers: one that nobody asks for costs nothing but its bytes."""
    headers = {f"variable_number_{n}": f"value {n}" for n in range(170)}
    data = event_frame({"Event-Name": "RECORD_STOP", **headers, "Wanted": "yes"})
    decoded = []
    monkeypatch.setattr(wire, "decode", lambda value: decoded.append(value) or value.decode())
    event = read_event(data)
    assert event.get("Wanted") == "yes"
    assert len(decoded) <= 4  # the frame's type and length, the event's name, and what was asked
