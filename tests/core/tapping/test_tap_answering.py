"""SIP for taps: who calls with a tap's name is answered with the tap's address, nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.tapping.answering import Request, Source, Target, answer

TARGET = Target("192.0.2.7", 5004, "PCMA", 30)

INVITE = """INVITE sip:secret@127.0.0.1:5070 SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bK1\r
Max-Forwards: 70\r
From: "tap" <sip:tap@127.0.0.1>;tag=a\r
To: <sip:secret@127.0.0.1:5070>\r
Call-ID: 1\r
CSeq: 1 INVITE\r
Content-Type: application/sdp\r
\r
v=0\r
o=FreeSWITCH 1 2 IN IP4 127.0.0.1\r
c=IN IP4 127.0.0.9\r
m=audio 16384 RTP/AVP 8 101\r
"""


def answered(text: str) -> str:
    request = Request.parse(text.encode())
    assert request is not None
    return answer(request, {"secret": TARGET}, "127.0.0.1:5070").decode()


def test_an_invite_gets_the_tap_s_address():
    head, _, sdp = answered(INVITE).partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert lines[0] == "SIP/2.0 200 OK"
    assert "Via: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=z9hG4bK1" in lines
    assert "To: <sip:secret@127.0.0.1:5070>;tag=tap" in lines
    assert f"Content-Length: {len(sdp)}" in lines
    assert "c=IN IP4 192.0.2.7\r\n" in sdp
    assert "m=audio 5004 RTP/AVP 8\r\n" in sdp
    assert "a=ptime:30\r\na=recvonly\r\n" in sdp


def test_where_the_switch_sends_from():
    request = Request.parse(INVITE.encode())
    assert request is not None
    assert request.source == Source("127.0.0.9", 16384)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("secret@", "guessed@", "404"),
        ("sip:secret@", "sip:", "404"),
        ("INVITE", "BYE", "200"),
        ("INVITE", "OPTIONS", "200"),
        ("INVITE", "REGISTER", "405"),
    ],
)
def test_others(old, new, status):
    assert answered(INVITE.replace(old, new)).split()[1] == status


def test_an_ack_is_not_answered():
    assert answered(INVITE.replace("INVITE", "ACK")) == ""


def test_a_dialog_keeps_its_tag():
    text = INVITE.replace("INVITE", "BYE").replace("5070>\r", "5070>;tag=tap\r")
    assert answered(text).count(";tag=tap") == 1


@given(st.binary())
def test_anything_may_come(data):
    request = Request.parse(data)
    if request is not None:
        answer(request, {"secret": TARGET}, "127.0.0.1:5070")


@given(st.text())
def test_a_message_cannot_add_a_header(text):
    """What is copied are whole lines of the request."""
    made = answered(INVITE.replace("Call-ID: 1", f"Call-ID: {text}"))
    assert made.count("Contact:") == 1 + text.count("Contact:")
