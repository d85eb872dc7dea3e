"""The headers and variables a SIP call has on a real switch before anybody touched it. Pure.

Shapes as captured from mod_sofia with PCMU; values are made up where nobody reads them.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter.simswitch.strings import url_decode

PROFILE = "internal"
SIP_PORT = 5060
MEDIA_PORT = 30000


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Who calls whom. `headers` are SIP headers, `variables` are set before the dialplan.

    address: whom the switch calls (`user@host`); a call that comes in has none.
    """

    from_number: str = "1000"
    to_number: str = "2000"
    from_name: str = ""
    context: str = "public"
    network_addr: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    address: str = ""

    @property
    def direction(self) -> str:
        return "outbound" if self.address else "inbound"

    @property
    def channel_name(self) -> str:
        return f"sofia/{PROFILE}/{self.address or f'{self.from_number}@{self.network_addr}'}"


@dataclass(slots=True)
class Times:
    """When what happened, in microseconds since 1970; 0: not yet."""

    created: int = field(default_factory=lambda: int(time.time() * 1_000_000))
    answered: int = 0
    progress: int = 0
    progress_media: int = 0
    hungup: int = 0
    transferred: int = 0
    bridged: int = 0


def imported_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """SIP headers as variables; one that holds `${` is not imported (mod_sofia)."""
    return {f"sip_h_{name}": value for name, value in headers.items() if "${" not in value}


def safe_name(name: str) -> str:
    """A caller's display name as mod_sofia lets it in: `%0A` is decoded, `${` becomes `%{`."""
    return url_decode(name).replace("${", "%{")


def profile_headers(facts: CallFacts, uuid: str, index: int) -> dict[str, str]:
    """switch_caller_profile_event_set_data: who calls, without its prefix and times."""
    name = safe_name(facts.from_name) or facts.from_number
    headers = {
        "Direction": facts.direction,
        "Logical-Direction": facts.direction,
        "Username": facts.from_number,
        "Dialplan": "XML",
        "Caller-ID-Name": name,
        "Caller-ID-Number": facts.from_number,
        "Orig-Caller-ID-Name": name,
        "Orig-Caller-ID-Number": facts.from_number,
        "Callee-ID-Name": "Outbound Call" if facts.address else "",
        "Callee-ID-Number": facts.to_number if facts.address else "",
        "Network-Addr": facts.network_addr,
        "ANI": facts.from_number,
        "Destination-Number": facts.to_number,
        "Unique-ID": uuid,
        "Source": "mod_sofia",
        "Context": facts.context,
        "Channel-Name": facts.channel_name,
        "Profile-Index": str(index),
    }
    return {key: value for key, value in headers.items() if value}


def time_headers(times: Times) -> dict[str, str]:
    """The profile's times and flags, without its prefix."""
    return {
        "Profile-Created-Time": str(times.transferred or times.created),
        "Channel-Created-Time": str(times.created),
        "Channel-Answered-Time": str(times.answered),
        "Channel-Progress-Time": str(times.progress),
        "Channel-Progress-Media-Time": str(times.progress_media),
        "Channel-Hangup-Time": str(times.hungup),
        "Channel-Transfer-Time": str(times.transferred),
        "Channel-Resurrect-Time": "0",
        "Channel-Bridged-Time": str(times.bridged),
        "Channel-Last-Hold": "0",
        "Channel-Hold-Accum": "0",
        "Screen-Bit": "true",
        "Privacy-Hide-Name": "false",
        "Privacy-Hide-Number": "false",
    }


CODEC_HEADERS = {
    "Channel-Read-Codec-Name": "PCMU",
    "Channel-Read-Codec-Rate": "8000",
    "Channel-Read-Codec-Bit-Rate": "64000",
    "Channel-Write-Codec-Name": "PCMU",
    "Channel-Write-Codec-Rate": "8000",
    "Channel-Write-Codec-Bit-Rate": "64000",
}


def own_variables(facts: CallFacts, uuid: str, number: int) -> dict[str, str]:
    """The first variables that no two calls have in common."""
    host, sip = facts.network_addr, str(SIP_PORT)
    name = safe_name(facts.from_name)
    display = f'"{name}" ' if name else ""
    return {
        "uuid": uuid,
        "session_id": str(number),
        "sip_call_id": f"{uuid}@{host}",
        "sip_invite_stamp": str(int(time.time() * 1_000_000)),
        "sip_from_tag": uuid[:8],
        "sip_full_via": f"SIP/2.0/UDP {host}:{sip};rport={sip};branch=z9hG4bK{uuid[:13]}",
        "sip_full_from": f"{display}<sip:{facts.from_number}@{host}>;tag={uuid[:8]}",
    }


def first_variables(facts: CallFacts) -> dict[str, str]:
    """The variables a new inbound call has when its dialplan starts, its own as `-`."""
    host, sip = facts.network_addr, str(SIP_PORT)
    caller, callee = f"{facts.from_number}@{host}", f"{facts.to_number}@{host}"
    name = safe_name(facts.from_name)
    return {
        "direction": "inbound",
        "uuid": "-",
        "session_id": "-",
        "sip_from_user": facts.from_number,
        "sip_from_uri": caller,
        "sip_from_host": host,
        "video_media_flow": "disabled",
        "text_media_flow": "disabled",
        "channel_name": facts.channel_name,
        "sip_call_id": "-",
        "sip_local_network_addr": host,
        "sip_network_ip": host,
        "sip_network_port": sip,
        "sip_invite_stamp": "-",
        "sip_received_ip": host,
        "sip_received_port": sip,
        "sip_via_protocol": "udp",
        "sip_from_user_stripped": facts.from_number.removeprefix("+"),
        "sip_from_tag": "-",
        "sofia_profile_name": PROFILE,
        "sofia_profile_url": f"sip:mod_sofia@{host}:{sip}",
        "recovery_profile_name": PROFILE,
        "sip_full_via": "-",
        "sip_from_display": name,
        "sip_full_from": "-",
        "sip_full_to": f"<sip:{callee}:{sip}>",
        "sip_allow": "INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REFER, NOTIFY",
        "sip_req_user": facts.to_number,
        "sip_req_port": sip,
        "sip_req_uri": f"{callee}:{sip}",
        "sip_req_host": host,
        "sip_to_user": facts.to_number,
        "sip_to_port": sip,
        "sip_to_uri": f"{callee}:{sip}",
        "sip_to_host": host,
        "sip_contact_user": facts.from_number,
        "sip_contact_port": sip,
        "sip_contact_uri": f"{caller}:{sip}",
        "sip_contact_host": host,
        "sip_user_agent": "simswitch",
        "sip_via_host": host,
        "sip_via_port": sip,
        "sip_via_rport": sip,
        "max_forwards": "70",
        **imported_headers(facts.headers),
        **_media_variables(host),
        "DP_MATCH": f"ARRAY::{facts.to_number}|:{facts.to_number}",
        **facts.variables,
    }


def _sdp(host: str, port: int) -> str:
    return (
        f"v=0\r\no=sim 1 1 IN IP4 {host}\r\ns=sim\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 101 13\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:13 CN/8000\r\n"
        "a=ptime:20\r\n"
    )


def _media_variables(host: str) -> dict[str, str]:
    return {
        "switch_r_sdp": _sdp(host, MEDIA_PORT),
        "ep_codec_string": "CORE_PCM_MODULE.PCMU@8000h@20i@64000b",
        "rtp_use_codec_string": "PCMU",
        "remote_video_media_flow": "inactive",
        "remote_text_media_flow": "inactive",
        "remote_audio_media_flow": "sendrecv",
        "audio_media_flow": "sendrecv",
        "remote_media_ip": host,
        "remote_media_port": str(MEDIA_PORT),
        "rtp_audio_recv_pt": "0",
        "rtp_use_codec_name": "PCMU",
        "rtp_use_codec_rate": "8000",
        "rtp_use_codec_ptime": "20",
        "rtp_use_codec_channels": "1",
        "rtp_last_audio_codec_string": "PCMU@8000h@20i@1c",
        "read_codec": "PCMU",
        "original_read_codec": "PCMU",
        "read_rate": "8000",
        "original_read_rate": "8000",
        "write_codec": "PCMU",
        "write_rate": "8000",
        "dtmf_type": "rfc2833",
        "endpoint_disposition": "RECEIVED",
    }


def media_variables(uuid: str, times: Times, host: str) -> dict[str, str]:
    """What is added once media runs."""
    return {
        "rtp_local_sdp_str": _sdp(host, MEDIA_PORT + 2) + "a=sendrecv\r\n",
        "local_media_ip": host,
        "local_media_port": str(MEDIA_PORT + 2),
        "advertised_media_ip": host,
        "rtp_use_timer_name": "soft",
        "rtp_use_pt": "0",
        "rtp_use_ssrc": str(times.created % 2**32),
        "rtp_2833_send_payload": "101",
        "rtp_2833_recv_payload": "101",
        "sip_to_tag": uuid[-8:],
        "sip_cseq": "1",
    }


def last_variables(facts: CallFacts, times: Times, cause: str, q850: int) -> dict[str, str]:
    """Cause, stamps and durations that CHANNEL_HANGUP_COMPLETE adds."""
    name = safe_name(facts.from_name) or facts.from_number
    values = {
        "hangup_cause": cause,
        "hangup_cause_q850": str(q850),
        "caller_id": f'"{name}" <{facts.from_number}>',
    }
    moments = {
        "start": times.created,
        "profile_start": times.transferred or times.created,
        "answer": times.answered,
        "bridge": times.bridged,
        "last_hold": 0,
        "resurrect": 0,
        "progress": times.progress,
        "progress_media": times.progress_media,
        "end": times.hungup,
    }
    for moment, stamp in moments.items():
        values |= _stamps(moment, stamp)
    for hold in ("seconds", "usec", "ms"):
        values[f"hold_accum_{hold}"] = "0"
    return values | _durations(times)


def _stamps(name: str, moment: int) -> dict[str, str]:
    values = {}
    if moment:
        local = time.localtime(moment // 1_000_000)
        values[f"{name}_stamp"] = time.strftime("%Y-%m-%d %H:%M:%S", local)
    values[f"{name}_epoch"] = str(moment // 1_000_000)
    values[f"{name}_uepoch"] = str(moment)
    return values


def _durations(times: Times) -> dict[str, str]:
    """Microseconds as seconds, milliseconds and microseconds, by the switch's names."""
    waited = times.answered - times.created if times.answered else 0
    rang = times.progress - times.created if times.progress else 0
    early = times.progress_media - times.created if times.progress_media else 0
    whole = times.hungup - times.created
    spans = {"progress": rang, "answer": waited, "wait": 0, "progress_media": early}
    spans |= {"flow_bill": whole, "bill": times.hungup - times.answered if times.answered else 0}
    values = {"duration": whole // 1_000_000, "mduration": whole // 1000, "uduration": whole}
    for name, span in spans.items():
        values |= {f"{name}sec": span // 1_000_000, f"{name}msec": span // 1000}
        values[f"{name}usec"] = span
    return {name: str(value) for name, value in values.items()}
