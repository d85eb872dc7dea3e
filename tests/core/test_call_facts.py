"""The `call` object of SWML, from the channel's data."""

import uuid
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.call_facts import call_facts, peer_of
from adapter.freeswitch.wire import Headers
from adapter.identity import CallIdentity

IDENTITY = CallIdentity("call-1", "switch-1", "swml:s1", "project-1", "space-1")
PHONE = {"Caller-Caller-ID-Number": "+15551230001", "Caller-Destination-Number": "+15551230002"}
SIP = {
    "Caller-Caller-ID-Number": "alice",
    "Caller-Destination-Number": "100",
    "variable_sip_from_user": "alice",
    "variable_sip_from_uri": "alice@h1",
    "variable_sip_from_host": "h1",
    "variable_sip_to_user": "100",
    "variable_sip_to_uri": "100@h2",
    "variable_sip_req_user": "100",
    "variable_sip_contact_port": "5060",
}


def facts(channel: dict[str, str]) -> dict:
    block = "".join(f"{name}: {quote(value, safe='')}\n" for name, value in channel.items())
    return call_facts(Headers(block.encode()), IDENTITY)


def test_ids_are_those_of_the_identity():
    call = facts({"Unique-ID": "other", **PHONE})
    assert (call["call_id"], call["node_id"]) == ("call-1", "switch-1")
    assert (call["project_id"], call["space_id"]) == ("project-1", "space-1")


def test_every_segment_has_an_id_of_its_own():
    one, other = facts(PHONE)["segment_id"], facts(PHONE)["segment_id"]
    assert uuid.UUID(one) != uuid.UUID(other)


@pytest.mark.parametrize(
    ("answer_state", "state"),
    [
        ("ringing", "created"),
        ("early", "ringing"),
        ("answered", "answered"),
        ("hangup", "ended"),
        ("", "created"),
        ("other", "created"),
    ],
)
def test_state(answer_state, state):
    call = facts({"Answer-State": answer_state, **PHONE})
    assert call["call_state"] == call["state"] == state


def test_direction():
    assert facts({"Call-Direction": "outbound"})["direction"] == "outbound"
    assert facts({})["direction"] == "inbound"


def test_phone_call():
    call = facts(PHONE)
    assert call["type"] == "phone"
    assert call["from"] == call["from_number"] == "+15551230001"
    assert call["to"] == call["to_number"] == "+15551230002"
    assert "sip_data" not in call
    assert call["headers"] == []


def test_sip_call():
    call = facts(SIP)
    assert call["type"] == "sip"
    assert (call["from"], call["to"]) == ("sip:alice@h1", "sip:100@h2")
    assert "from_number" not in call
    assert call["sip_data"] == {
        "sip_from_user": "alice",
        "sip_from_uri": "alice@h1",
        "sip_from_host": "h1",
        "sip_to_user": "100",
        "sip_to_uri": "100@h2",
        "sip_req_user": "100",
        "sip_contact_port": "5060",
        "sip_contact_params": {},
    }


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ("transport=tcp;ob", {"transport": "tcp", "ob": ""}),
        ("fs_path=%3Csip:a%40b%3E; x = 1;;=2", {"fs_path": "<sip:a@b>", "x": "1"}),
        ("a=1;a=2", {"a": "1"}),
        (";".join(f"p{number}" for number in range(200)), {f"p{n}": "" for n in range(64)}),
    ],
)
def test_parameters_of_the_contact(params, told):
    call = facts({**SIP, "variable_sip_contact_params": params})
    assert call["sip_data"]["sip_contact_params"] == told


def test_a_tag_is_told_where_there_is_one():
    assert facts({**PHONE, "variable_swml_tag": "blue"})["tag"] == "blue"
    assert "tag" not in facts(PHONE)


@pytest.mark.parametrize("ends", [("call-1", "leg-2"), ("leg-2", "call-1")])
def test_the_peer_is_the_other_end_of_a_bridge(ends):
    block = f"Bridge-A-Unique-ID: {ends[0]}\nBridge-B-Unique-ID: {ends[1]}\n"
    peer = peer_of(Headers(block.encode()), IDENTITY)
    assert peer == {"call_id": "leg-2", "node_id": "switch-1"}


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ({**PHONE, "variable_sip_via_protocol": "wss"}, "webrtc"),
        ({**SIP, "variable_sip_via_protocol": "ws"}, "webrtc"),
        ({**PHONE, "variable_sip_via_protocol": "udp"}, "phone"),
        ({**PHONE, "variable_swml_call_type": "sip"}, "sip"),
        ({**SIP, "variable_swml_call_type": "phone"}, "phone"),
        ({**PHONE, "Caller-Caller-ID-Number": "anonymous"}, "sip"),
        ({**PHONE, "Caller-Destination-Number": "12"}, "sip"),
        ({}, "sip"),
    ],
)
def test_type(channel, kind):
    assert facts(channel)["type"] == kind


def test_sip_headers_in_order_with_their_values_as_they_are():
    call = facts({"variable_sip_h_X-One": "a%20b\n${x}", "variable_sip_h_X-Two": "é", **PHONE})
    assert call["headers"] == [
        {"name": "X-One", "value": "a%20b\n${x}"},
        {"name": "X-Two", "value": "é"},
    ]


@given(st.dictionaries(st.sampled_from([*SIP, "Answer-State", "variable_sip_h_X"]), st.text()))
def test_whatever_a_caller_sends_is_text(channel):
    call = facts(channel)
    assert call["call_id"] == "call-1"
    assert isinstance(call["from"], str)
    assert isinstance(call["to"], str)
