"""Just enough SIP to have the switch send RTP to an address of our choice. Pure.

FreeSWITCH sends RTP only to whom a call was made. So it calls us, and what we answer is not our own
address but that of the tap: from then on the switch sends there by itself, and hears nothing back
(RFC 3264, `recvonly`). Nobody else is answered: who calls must know a tap's name, which is random.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}
"""RFC 3551, table 4."""

_COPIED = re.compile(r"^(?:via|v|from|f|to|t|call-id|i|cseq|record-route)\s*:", re.IGNORECASE)
_TO = re.compile(r"^(?:to|t)\s*:", re.IGNORECASE)
_REQUEST = re.compile(r"([A-Z]+) sips?:(?:([^@\s;>]*)@)?\S+ SIP/2\.0")
_CONNECTION = re.compile(r"^c=IN IP[46] (\S+)", re.MULTILINE)
_AUDIO = re.compile(r"^m=audio (\d+) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Target:
    """Where RTP is to go, and as what; `ptime` is milliseconds a packet."""

    address: str
    port: int
    codec: str
    ptime: int

    def sdp(self) -> str:
        """That we only want to receive, and where (RFC 8866)."""
        kind = "IP6" if ip_address(self.address).version == 6 else "IP4"
        number = PAYLOAD_TYPES[self.codec]
        lines = (
            "v=0",
            f"o=- 1 1 IN {kind} {self.address}",
            "s=tap",
            f"c=IN {kind} {self.address}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {number}",
            f"a=rtpmap:{number} {self.codec}/8000",
            f"a=ptime:{self.ptime}",
            "a=recvonly",
        )
        return "".join(f"{line}\r\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the switch sends from."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Request:
    """What came: its method, whom it is for, and the text."""

    method: str
    name: str
    text: str

    @classmethod
    def parse(cls, data: bytes) -> Request | None:
        """None for what is no request."""
        text = data.decode("utf-8", "replace")
        found = _REQUEST.match(text)
        return cls(found[1], found[2] or "", text) if found else None

    @property
    def source(self) -> Source | None:
        """Where the caller's RTP comes from, as it says itself."""
        connection, audio = _CONNECTION.search(self.text), _AUDIO.search(self.text)
        return Source(connection[1], int(audio[1])) if connection and audio else None


def answer(request: Request, targets: Mapping[str, Target], contact: str) -> bytes:
    """What to answer; empty for an ACK. `contact` is our own `host:port`."""
    match request.method:
        case "ACK":
            return b""
        case "INVITE" if (target := targets.get(request.name)) is not None:
            address = f"Contact: <sip:{request.name}@{contact}>"
            kind = "Content-Type: application/sdp"
            return _response(request, "200 OK", (address, kind), target.sdp())
        case "INVITE":
            return _response(request, "404 Not Found")
        case "BYE" | "CANCEL" | "OPTIONS" | "INFO":
            return _response(request, "200 OK")
    return _response(request, "405 Method Not Allowed")


def _response(
    request: Request, status: str, headers: tuple[str, ...] = (), body: str = ""
) -> bytes:
    copied = [line for line in _head(request.text) if _COPIED.match(line)]
    tagged = [_tagged(line) if _TO.match(line) else line for line in copied]
    length = f"Content-Length: {len(body)}"
    lines = (f"SIP/2.0 {status}", *tagged, *headers, length, "", body)
    return "\r\n".join(lines).encode("utf-8", "replace")


def _head(text: str) -> list[str]:
    return text.partition("\r\n\r\n")[0].split("\r\n")[1:]


def _tagged(line: str) -> str:
    return line if re.search(r";\s*tag=", line, re.IGNORECASE) else f"{line};tag=tap"
