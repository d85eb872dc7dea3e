"""The `call` object of SWML, from the channel's data (SWML guide, variables and fetch webhook).

Every value is text that a caller may have chosen; it is data here and stays data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from adapter.freeswitch.wire import Headers
from adapter.identity import CallIdentity, new_id

if TYPE_CHECKING:
    from adapter.config import Project
    from adapter.freeswitch.call import Call

_NUMBER = re.compile(r"\+?\d{3,15}")
_SIP = "variable_sip_"
_SIP_HEADER = "h_"
_SIP_PARTS = tuple(
    f"{part}_{field}"
    for part in ("req", "from", "to", "contact")
    for field in ("user", "uri", "host", "port")
)
_TAG = "variable_swml_tag"
_MOST_PARAMS = 64
_STATES = {"ringing": "created", "early": "ringing", "answered": "answered", "hangup": "ended"}


def call_identity(call: Call, session_id: str, project: Project) -> CallIdentity:
    """The ids of a call that has come to us."""
    return CallIdentity(
        call_id=call.uuid,
        node_id=call.channel.get("FreeSWITCH-Switchname"),
        event_channel=f"swml:{session_id}",
        project_id=project.id,
        space_id=project.space_id,
    )


def call_facts(channel: Headers, identity: CallIdentity) -> dict[str, Any]:
    """What documents and the servers that make them may know of the call.

    `type` is `webrtc` for SIP over WebSocket, `phone` where both ends are numbers, else `sip`; the
    channel variable `swml_call_type` overrides it. `tag` is the channel variable `swml_tag`.
    """
    kind, sip = type_of(channel), channel.starting(_SIP)
    caller, called = _ends(channel, kind, sip)
    facts: dict[str, Any] = {
        "call_id": identity.call_id,
        "node_id": identity.node_id,
        "segment_id": new_id(),
        "call_state": _STATES.get(channel.get("Answer-State"), "created"),
        "direction": channel.get("Call-Direction", "inbound"),
        "headers": [
            {"name": name.removeprefix(_SIP_HEADER), "value": value}
            for name, value in sip.items()
            if name.startswith(_SIP_HEADER)
        ],
        "project_id": identity.project_id,
        "space_id": identity.space_id,
    }
    facts["state"] = facts["call_state"]
    facts |= ends(kind, caller, called)
    if "from_user" in sip:
        facts["sip_data"] = _sip_data(sip)
    if tag := channel.get(_TAG):
        facts["tag"] = tag
    return facts


def peer_of(bridged: Headers, identity: CallIdentity) -> dict[str, str]:
    """The call's `peer`, from the CHANNEL_BRIDGE of its channel."""
    ends = (bridged.get("Bridge-A-Unique-ID"), bridged.get("Bridge-B-Unique-ID"))
    others = [end for end in ends if end and end != identity.call_id]
    return {"call_id": others[0] if others else "", "node_id": identity.node_id}


def ends(kind: str, caller: str, called: str) -> dict[str, Any]:
    """Between whom the call is."""
    facts = {"type": kind, "from": caller, "to": called}
    return facts | ({"from_number": caller, "to_number": called} if kind == "phone" else {})


def type_of(channel: Headers) -> str:
    """What kind of line a channel is: `webrtc`, `phone` or `sip`."""
    if chosen := channel.get("variable_swml_call_type"):
        return chosen
    if channel.get("variable_sip_via_protocol") in ("ws", "wss"):
        return "webrtc"
    ends = (channel.get("Caller-Caller-ID-Number"), channel.get("Caller-Destination-Number"))
    return "phone" if all(_NUMBER.fullmatch(end) for end in ends) else "sip"


def _ends(channel: Headers, kind: str, sip: Mapping[str, str]) -> tuple[str, str]:
    if kind == "sip" and "from_uri" in sip:
        return f"sip:{sip['from_uri']}", f"sip:{sip.get('to_uri', '')}"
    return channel.get("Caller-Caller-ID-Number"), channel.get("Caller-Destination-Number")


def _sip_data(sip: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {f"sip_{name}": sip[name] for name in _SIP_PARTS if sip.get(name)}
    data["sip_contact_params"] = _params_of(sip.get("contact_params", ""))
    return data


def _params_of(text: str) -> dict[str, str]:
    """A SIP URI's parameters (RFC 3261, 19.1.1): `transport=tcp;ob`; one without a value is empty.

    Of one that is there twice the first counts.
    """
    params: dict[str, str] = {}
    for part in text.split(";", _MOST_PARAMS)[:_MOST_PARAMS]:
        name, _, value = part.partition("=")
        if name.strip():
            params.setdefault(unquote(name.strip()), unquote(value.strip()))
    return params
