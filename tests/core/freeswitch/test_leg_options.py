"""What is asked of a leg becomes variables of the switch, and nothing else."""

import pytest

from adapter.freeswitch.errors import UnsafeValue
from adapter.freeswitch.leg_options import LegOptions


def test_nothing_asked_is_nothing_set():
    assert LegOptions().variables() == {}


def test_everything_asked():
    options = LegOptions(
        from_="+15551234567",
        from_name="Ann",
        headers=(("X-Account", "a, b; c"),),
        codecs="PCMU, PCMA@20i,OPUS",
        timeout=20,
        encryption="mandatory",
        username="u",
        password="p'w",
        session_timeout=600,
        webrtc=True,
    )
    assert options.variables() == {
        "origination_caller_id_number": "+15551234567",
        "origination_caller_id_name": "Ann",
        "sip_h_X-Account": "a, b; c",
        "absolute_codec_string": "PCMU,PCMA@20i,OPUS",
        "leg_timeout": "20",
        "rtp_secure_media": "mandatory",
        "sip_auth_username": "u",
        "sip_auth_password": "p'w",
        "sofia_session_timeout": "600",
        "media_webrtc": "true",
    }


@pytest.mark.parametrize(
    ("from_", "number", "domain"),
    [
        ("1 (555) 12", "155512", None),
        ("alice", "alice", None),
        ("sip:alice@example.com", "alice", "example.com"),
        ("alice@10.0.0.1:5080", "alice", "10.0.0.1:5080"),
    ],
)
def test_the_caller(from_, number, domain):
    variables = LegOptions(from_=from_).variables()
    assert variables["origination_caller_id_number"] == number
    assert variables.get("sip_invite_domain") == domain


@pytest.mark.parametrize("from_", ["a b;c", "a@b@c", "a>b", "${x}", "\n1", "a@", "x" * 65])
def test_what_is_no_caller(from_):
    with pytest.raises(UnsafeValue):
        LegOptions(from_=from_).variables()


def test_a_name_is_shown_without_what_would_end_it():
    name = LegOptions(from_name='Bob "x" <sip:evil>\r\nX: y\\' + "z" * 100).variables()
    shown = name["origination_caller_id_name"]
    assert shown.startswith("Bob  x   sip:evil X: y zzz")
    assert len(shown) == 80


@pytest.mark.parametrize("name", ["", "X Y", "X:Y", "Route", "content-length", "X\n", "Ü"])
def test_headers_that_cannot_be_sent(name):
    with pytest.raises(UnsafeValue):
        LegOptions(headers=((name, "1"),)).variables()


@pytest.mark.parametrize("codecs", ["PCMU;x", "PCMU,,PCMA", "^^:a", "a|b", ","])
def test_what_are_no_codecs(codecs):
    with pytest.raises(UnsafeValue):
        LegOptions(codecs=codecs).variables()
