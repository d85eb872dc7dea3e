"""G.711: 16-bit samples as the bytes of PCMU and PCMA. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from functools import lru_cache

BIAS = 0x84
CLIP = 32635


def encode(samples: Iterable[int], codec: str) -> bytes:
    """Samples as PCMU or PCMA."""
    table = _table(codec)
    return bytes(table[sample & 0xFFFF] for sample in samples)


@lru_cache
def _table(codec: str) -> array[int]:
    one = {"PCMU": _ulaw, "PCMA": _alaw}[codec]
    return array("B", (one(value - 0x10000 if value > 0x7FFF else value) for value in range(65536)))


def _ulaw(sample: int) -> int:
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), CLIP) + BIAS
    exponent = max(0, magnitude.bit_length() - 8)
    return ~(sign | exponent << 4 | magnitude >> exponent + 3 & 0x0F) & 0xFF


def _alaw(sample: int) -> int:
    sign = 0x80 if sample >= 0 else 0
    magnitude = min(abs(sample) if sample >= 0 else -sample - 1, CLIP)
    exponent = max(0, magnitude.bit_length() - 8)
    mantissa = magnitude >> (exponent + 3 if exponent else 4) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55
