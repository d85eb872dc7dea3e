"""A SIPp caller that answers a REFER as no ordinary phone does; it neither speaks nor hears."""

import shutil
import subprocess
from pathlib import Path

import pytest

from worlds.phones import Dialling, OutgoingPhone
from worlds.ports import find_ports
from worlds.sounds import Sound

NO_SIPP = "SIPp is not installed (the Debian package sip-tester)"

_INVITE = """INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1555@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:1555@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""
_ACK = """ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1555@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0
"""
_ANSWER = """SIP/2.0 {status} Whatever
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
"""
_SCENARIO = """<?xml version="1.0" encoding="utf-8"?>
<scenario name="is referred">
  <send retrans="500"><![CDATA[
{invite}
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200"/>
  <send><![CDATA[
{ack}
]]></send>
  <recv request="REFER">
    <action>
      <ereg regexp="sip:[^>]+@127.0.0.1" search_in="hdr" header="Refer-To:" check_it="true"
        assign_to="1"/>
      <log message="[$1]"/>
    </action>
  </recv>
{challenge}
  <send><![CDATA[
{answer}
]]></send>
{news}
  <label id="over"/>
  <recv request="BYE"/>
  <send><![CDATA[
{farewell}
]]></send>
</scenario>
"""


_CHALLENGE = """
  <send><![CDATA[
SIP/2.0 401 Who are you
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
WWW-Authenticate: Digest realm="tests", nonce="0123456789abcdef", algorithm=MD5
Content-Length: 0
]]></send>
  <recv request="REFER">
    <action>
      <verifyauth assign_to="2" username="{user}" password="{password}"/>
      <log message="[$2]"/>
    </action>
  </recv>
  <nop next="known" test="2"/>
  <send next="over"><![CDATA[
{refusal}
]]></send>
  <label id="known"/>
"""

_NEWS = """
  <send retrans="500"><![CDATA[
NOTIFY sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1555@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: {number} NOTIFY
Contact: <sip:1555@[local_ip]:[local_port]>
Max-Forwards: 70
Event: refer
Subscription-State: {state}
Content-Type: message/sipfrag;version=2.0
Content-Length: [len]

SIP/2.0 {status} Whatever
]]></send>
  <recv response="200"/>
"""
"""How the referred call goes (RFC 3515, 2.4.5)."""


class SippPhone(OutgoingPhone):
    """Calls, does with a REFER what its `refer` says, and waits for the end of the call."""

    def __init__(self, folder: Path, sip_port: int, dialling: Dialling) -> None:
        sipp = shutil.which("sipp")
        if sipp is None:
            pytest.skip(NO_SIPP)
        word, _, status = dialling.refer.partition(" ")
        stays, challenge = word in ("stay", "ask"), ""
        if word == "ask":
            user, _, password = status.partition(" ")
            refusal, status = _ANSWER.format(status=403), "200"
            challenge = _CHALLENGE.format(user=user, password=password, refusal=refusal)
        self.number = dialling.to
        folder.mkdir(parents=True, exist_ok=True)
        scenario = folder / f"{dialling.to}.xml"
        scenario.write_text(
            _SCENARIO.format(
                invite=_INVITE,
                ack=_ACK,
                challenge=challenge,
                answer=_ANSWER.format(status=202 if stays else status),
                news=_news(status) if stays else "",
                farewell=_ANSWER.format(status=200),
            )
        )
        own, media, _ = find_ports(3)
        command = [sipp, f"127.0.0.1:{sip_port}", "-sf", str(scenario), "-s", dialling.to]
        command += ["-i", "127.0.0.1", "-p", str(own), "-mp", str(media), "-m", "1", "-nostdin"]
        self._process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def say(self, *sounds: Sound) -> None:
        raise NotImplementedError("a SIPp phone says nothing")

    def hang_up(self) -> None:
        if not self.ended:
            self._process.terminate()
            self._process.wait(5)

    @property
    def answered(self) -> bool:
        return self._process.poll() == 0

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def sip_status(self) -> int | None:
        return None


def _news(status: str) -> str:
    trying = _NEWS.format(number=2, status=100, state="active;expires=60")
    return trying + _NEWS.format(number=3, status=status, state="terminated;reason=noresource")
