"""A call that this switch makes by SIP itself: an INVITE, then RTP to where the answer says.

Only a leg that hears another call (`tapping`) has one; every other leg is a simulated party's.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from ipaddress import ip_address

import gevent
from gevent import socket

from adapter.simswitch.strings import new_uuid

ANSWER_SECONDS = 2.0
SAMPLES_PER_MS = 8
LARGEST = 65_536

_ADDRESS = re.compile(r"sips?:([^@]+)@(\[[0-9a-fA-F:]+\]|[^:;]+):(\d+)")
_SDP = {
    "address": re.compile(r"^c=IN IP[46] (\S+)", re.MULTILINE),
    "port": re.compile(r"^m=audio (\d+) RTP/AVP (\d+)", re.MULTILINE),
    "ptime": re.compile(r"^a=ptime:(\d+)", re.MULTILINE),
}
CODECS = {0: "PCMU", 8: "PCMA"}
NUMBERS = {name: number for number, name in CODECS.items()}


class NotAnswered(Exception):
    """Nobody is there, or it was refused."""


@dataclass(slots=True)
class Line:
    """A SIP call that was answered: where its sound goes, and how it is ended."""

    sip: socket.socket
    rtp: socket.socket
    target: tuple[str, int]
    codec: str
    ptime: int
    dialog: str
    _sent: int = 0

    def send(self, samples: bytes) -> None:
        """One packet (RFC 3550, 5.1); what is simulated leaves no machine."""
        if not ip_address(self.target[0]).is_loopback:
            return
        number = NUMBERS[self.codec]
        stamp = self._sent * self.ptime * SAMPLES_PER_MS
        head = struct.pack("!BBHII", 0x80, number, self._sent & 0xFFFF, stamp, 1)
        self.rtp.sendto(head + samples, self.target)
        self._sent += 1

    def end(self) -> None:
        """Say BYE; nobody waits for the answer."""
        self.sip.send(self.dialog.format(method="BYE", number=2, rest="\r\n").encode())
        self.sip.close()
        self.rtp.close()


def call(data: str, variables: dict[str, str]) -> Line:
    """Call the address of a `sofia/` endpoint; raises NotAnswered."""
    found = _ADDRESS.search(data)
    if found is None:
        raise NotAnswered
    host = found[2].strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sip, rtp = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    try:
        sip.connect((host, int(found[3])))
        rtp.bind((sip.getsockname()[0], 0))
        return _invited(sip, rtp, found[0], variables)
    except BaseException:
        sip.close()
        rtp.close()
        raise


def _invited(sip: socket.socket, rtp: socket.socket, uri: str, variables: dict[str, str]) -> Line:
    codec, _, ptime = variables.get("absolute_codec_string", "PCMU").partition("@8000h@")
    ours = "{}:{}".format(*sip.getsockname()[:2])
    branch = f"z9hG4bK{new_uuid()}"
    dialog = (
        f"{{method}} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {ours};branch={branch}-{{number}}\r\n"
        f"From: <sip:tap@{ours}>;tag=sim\r\nTo: <{uri}>{{rest}}"
    )
    common = f"Call-ID: {new_uuid()}\r\nCSeq: {{number}} {{method}}\r\nMax-Forwards: 70\r\n"
    dialog = dialog.replace("{rest}", "\r\n" + common + "Content-Length: 0\r\n{rest}")
    sdp = _offer(rtp, codec, ptime.rstrip("i") or "20")
    invite = dialog.format(method="INVITE", number=1, rest="\r\n")
    head = invite.replace("Content-Length: 0", f"Content-Length: {len(sdp)}").removesuffix("\r\n")
    sip.send(f"{head}Content-Type: application/sdp\r\n\r\n{sdp}".encode())
    answer = _answered(sip)
    address, port, offered = (pattern.search(answer) for pattern in _SDP.values())
    if not (address and port):
        raise NotAnswered
    sip.send(dialog.format(method="ACK", number=1, rest="\r\n").encode())
    return Line(
        sip=sip,
        rtp=rtp,
        target=(address[1], int(port[1])),
        codec=CODECS[int(port[2])],
        ptime=int(offered[1]) if offered else 20,
        dialog=dialog,
    )


def _offer(rtp: socket.socket, codec: str, ptime: str) -> str:
    address, port = rtp.getsockname()[:2]
    kind = "IP6" if ":" in address else "IP4"
    number = NUMBERS[codec]
    lines = (
        "v=0",
        f"o=FreeSWITCH 1 1 IN {kind} {address}",
        "s=FreeSWITCH",
        f"c=IN {kind} {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {number}",
        f"a=rtpmap:{number} {codec}/8000",
        f"a=ptime:{ptime}",
    )
    return "".join(f"{line}\r\n" for line in lines)


def _answered(sip: socket.socket) -> str:
    with gevent.Timeout(ANSWER_SECONDS, NotAnswered):
        try:
            answer: str = sip.recv(LARGEST).decode("utf-8", "replace")
        except OSError as error:
            raise NotAnswered from error
    if not answer.startswith("SIP/2.0 200"):
        raise NotAnswered
    return answer
