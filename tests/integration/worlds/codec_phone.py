"""A caller that offers another codec in mid-call, as a carrier does that reroutes the call.

It speaks just enough SIP for that: one UDP socket, no retransmissions (it is on loopback), and an
RTP stream of 20 ms packets. Of what it hears it counts the packets.
"""

import contextlib
import re
import secrets
import socket
import struct
import threading
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worlds.phones import Dialling, OutgoingPhone
from worlds.rtp import ULAW
from worlds.sounds import RATE, Samples, Sound
from worlds.waiting import eventually

PACKET_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Codec:
    """How it is offered, and at which rate it sounds."""

    payload: int
    rtpmap: str
    rate: int


PCMU = Codec(0, "PCMU/8000", 8000)
L16 = Codec(97, "L16/16000", 16000)
"""Wideband that needs no encoder."""


class CodecPhone(OutgoingPhone):
    """Calls with PCMU."""

    def __init__(self, sip_port: int, dialling: Dialling) -> None:
        self.number = dialling.to
        self._target = f"sip:{dialling.to}@127.0.0.1:{sip_port}"
        self._switch = ("127.0.0.1", sip_port)
        self._caller = dialling.caller
        self._headers = dialling.headers
        self._says, self._said = list(dialling.says), 0
        self._tag, self._call_id = secrets.token_hex(4), secrets.token_hex(8)
        self._to = f"<{self._target}>"
        self._sequence = 0
        self._codec = self._offered = PCMU
        self._answers = self._heard = 0
        self._ended = threading.Event()
        self._status: int | None = None
        self._sip, self._rtp = _udp(), _udp()
        self._media: tuple[str, int] | None = None
        threading.Thread(target=self._listen, name="codec phone", daemon=True).start()
        self.offer(PCMU)

    def offer(self, codec: Codec) -> None:
        """INVITE, again if the call is up: from its answer on it speaks this codec."""
        self._offered = codec
        self._request("INVITE", _sdp(self._rtp.getsockname()[1], codec))

    def change(self, codec: Codec) -> None:
        """Offer it, and wait until the switch has agreed."""
        answers = self._answers
        self.offer(codec)
        eventually(lambda: self._answers > answers, what="the answer to a re-INVITE")
        assert self._codec is codec, f"the switch refuses {codec.rtpmap}: {self._status}"

    def wait_played(self, seconds: float) -> None:
        """Until the switch has sent so much more, by its own clock."""
        wanted = self._heard + round(seconds / PACKET_SECONDS)
        eventually(lambda: self._heard >= wanted, within=30, what=f"{seconds} s of sound")

    def say(self, *sounds: Sound) -> None:
        self._says, self._said = list(sounds), 0

    def hang_up(self) -> None:
        if self.answered and not self.ended:
            self._request("BYE")
        self._end()

    @property
    def answered(self) -> bool:
        return self._answers > 0

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    @property
    def sip_status(self) -> int | None:
        return self._status

    # -- SIP -----------------------------------------------------------------------------------

    def _request(self, method: str, body: str = "") -> None:
        if method != "ACK":
            self._sequence += 1
        port = self._sip.getsockname()[1]
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{secrets.token_hex(6)}",
            f"From: <sip:{self._caller}@127.0.0.1:{port}>;tag={self._tag}",
            f"To: {self._to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {self._sequence} {method}",
            f"Contact: <sip:{self._caller}@127.0.0.1:{port}>",
            "Max-Forwards: 70",
            *(f"{name}: {value}" for name, value in self._headers.items()),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self._switch)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while not self.ended:
                self._take(self._sip.recv(65536).decode("utf-8", "replace"))

    def _take(self, message: str) -> None:
        if message.startswith("BYE "):
            self._sip.sendto(_ok(message).encode(), self._switch)
            self._end()
        elif message.startswith("SIP/2.0 ") and "INVITE" in _header(message, "CSeq"):
            self._take_answer(int(message.split()[1]), message)

    def _take_answer(self, status: int, message: str) -> None:
        if status < 200:
            return
        self._to, self._status = _header(message, "To"), status
        self._request("ACK")
        if status != 200:
            if not self.answered:
                self._end()
            return
        (port,) = re.findall(r"m=audio (\d+) ", message)
        began, self._media = self._media is None, ("127.0.0.1", int(port))
        self._codec = self._offered
        self._answers += 1
        if began:
            for work in (self._speak, self._hear):
                threading.Thread(target=work, name="codec phone's sound", daemon=True).start()

    def _end(self) -> None:
        self._ended.set()
        self._sip.close()

    # -- RTP -----------------------------------------------------------------------------------

    def _speak(self) -> None:
        began, number, stamp = time.monotonic(), 0, 0
        while not self.ended and self._media:
            codec = self._codec
            head = struct.pack(">BBHII", 0x80, codec.payload, number & 0xFFFF, stamp, 0x5EC0DE)
            self._rtp.sendto(head + self._encoded(codec), self._media)
            number, stamp = number + 1, stamp + round(codec.rate * PACKET_SECONDS)
            self._ended.wait(max(0.0, began + number * PACKET_SECONDS - time.monotonic()))
        self._rtp.close()

    def _hear(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while self._rtp.recv(4096):
                self._heard += 1

    def _encoded(self, codec: Codec) -> bytes:
        samples = self._next(round(RATE * PACKET_SECONDS))
        if codec is PCMU:
            return ULAW_OF[samples.astype(np.int32) + 32768].tobytes()
        # In an RTP session that began with another codec the switch does not swap the bytes.
        return np.repeat(samples, codec.rate // RATE).astype("<i2").tobytes()

    def _next(self, count: int) -> Samples:
        sound = self._says[0] if self._says else Sound("silence")
        found = sound.samples(self._said, count)
        self._said += count
        if sound.seconds is not None and self._said >= round(sound.seconds * RATE):
            self._says, self._said = self._says[1:], 0
        return found


def _encoder() -> NDArray[np.uint8]:
    levels = np.array(ULAW)
    order = np.argsort(levels, kind="stable")
    edges = (levels[order][1:] + levels[order][:-1]) / 2
    return np.asarray(order[np.searchsorted(edges, np.arange(-32768, 32768))], np.uint8)


ULAW_OF = _encoder()


def _udp() -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.bind(("127.0.0.1", 0))
    return found


def _header(message: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.*?)\r?$", message, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _ok(request: str) -> str:
    copied = [f"{name}: {_header(request, name)}" for name in ("Via", "From", "To", "Call-ID")]
    copied.append(f"CSeq: {_header(request, 'CSeq')}")
    return "\r\n".join(["SIP/2.0 200 OK", *copied, "Content-Length: 0", "", ""])


def _sdp(port: int, codec: Codec) -> str:
    lines = [
        "v=0",
        f"o=- 1 {time.time_ns() // 1000} IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {port} RTP/AVP {codec.payload}",
        f"a=rtpmap:{codec.payload} {codec.rtpmap}",
        "a=ptime:20",
        "",
    ]
    return "\r\n".join(lines)
