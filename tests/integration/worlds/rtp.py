"""Somebody who listens to RTP: what came, as sound."""

import socket
import struct
import threading
import time

from worlds.audio import Audio
from worlds.waiting import PATIENCE, eventually

PCMU, PCMA = 0, 8
HEADER = 12
"""Bytes before the samples (RFC 3550)."""


class RtpListener:
    """A UDP port that keeps each packet."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.uri = f"rtp://127.0.0.1:{self.port}"
        self.packets: list[bytes] = []
        self.senders: set[tuple[str, int]] = set()
        self.last = 0.0
        """When a packet came last, by the monotonic clock."""
        threading.Thread(target=self._serve, name="rtp", daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def payload_types(self) -> set[int]:
        return {packet[1] & 0x7F for packet in self.packets}

    def milliseconds(self) -> set[float]:
        """How long packets are."""
        return {(len(packet) - HEADER) / 8 for packet in self.packets}

    def hear(self) -> Audio:
        """All that came, in order."""
        encoded = b"".join(packet[HEADER:] for packet in self.packets)
        table = ALAW if PCMA in self.payload_types() else ULAW
        samples = [table[byte] for byte in encoded]
        return Audio.from_pcm(struct.pack(f"<{len(samples)}h", *samples))

    def wait_heard(self, hz: float, seconds: float = 0.5, within: float = PATIENCE) -> None:
        eventually(
            lambda: self.hear().seconds_of(hz) >= seconds, within=within, what=f"{hz} Hz by RTP"
        )

    def wait_silence(self, seconds: float = 0.3) -> None:
        """Until nothing has come for so long."""
        eventually(lambda: time.monotonic() - self.last > seconds, what="the end of the RTP")

    def _serve(self) -> None:
        try:
            while True:
                packet, sender = self._socket.recvfrom(4096)
                self.packets.append(packet)
                self.senders.add(sender)
                self.last = time.monotonic()
        except OSError:
            return  # closed


def _ulaw(byte: int) -> int:
    byte = ~byte & 0xFF
    magnitude = (((byte & 0x0F) << 3) + 0x84 << (byte >> 4 & 7)) - 0x84
    return -magnitude if byte & 0x80 else magnitude


def _alaw(byte: int) -> int:
    byte ^= 0x55
    exponent, mantissa = byte >> 4 & 7, byte & 0x0F
    magnitude = (mantissa << 4) + 8
    if exponent:
        magnitude = magnitude + 0x100 << exponent - 1
    return magnitude if byte & 0x80 else -magnitude


ULAW = [_ulaw(byte) for byte in range(256)]
ALAW = [_alaw(byte) for byte in range(256)]
