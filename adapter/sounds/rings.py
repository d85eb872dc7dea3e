"""Ringing tones by country (ITU-T E.180 supplement 2), as cadences for mod_tone_stream.

The countries of the reference, those that FreeSWITCH has besides (vars.xml), and `bong`: the tone
by which networks ask for a card's number, the key # and then a dial tone (here without its fading).
A cadence is a list of (milliseconds on, milliseconds off, frequencies in Hz). A tone that the
supplement gives as modulated (`400*33`) is sounded as its two side bands.
"""

from __future__ import annotations

import math
from functools import lru_cache

USUAL_LEVEL, LOUDEST, SOFTEST = -7.0, 0.0, -63.0
"""Decibels of a frequency in a tone stream (libteletone.h, TELETONE_VOL_DB_*)."""

Burst = tuple[int, int, tuple[int, ...]]


def _long(on: int, off: int, *hertz: int) -> list[Burst]:
    return [(on, off, hertz)]


def _double(*hertz: int) -> list[Burst]:
    return [(400, 200, hertz), (400, 2000, hertz)]


RINGS: dict[str, list[Burst]] = {
    "at": _long(1000, 5000, 420),
    "au": _double(413, 438),
    "bg": _long(1000, 4000, 425),
    "bong": [(100, 0, (941, 1477)), (1400, 0, (350, 440))],
    "br": _long(1000, 4000, 425),
    "be": _long(1000, 3000, 425),
    "ca": _long(2000, 4000, 440, 480),
    "ch": _long(1000, 4000, 425),
    "cl": _long(1000, 3000, 400),
    "cn": _long(1000, 4000, 450),
    "cy": _long(1500, 3000, 425),
    "cz": _long(1000, 4000, 425),
    "de": _long(1000, 4000, 425),
    "dk": _long(1000, 4000, 425),
    "dz": _long(1500, 3500, 425),
    "ee": _long(1000, 4000, 425),
    "eg": _long(2000, 1000, 375, 475),
    "es": _long(1500, 3000, 425),
    "fi": _long(1000, 4000, 425),
    "fr": _long(1500, 3500, 440),
    "gr": _long(1000, 4000, 425),
    "hk": [(400, 200, (440, 480)), (400, 3000, (440, 480))],
    "hu": _long(1250, 3750, 425),
    "il": _long(1000, 3000, 400),
    "in": _double(375, 425),
    "it": _long(1000, 4000, 425),
    "lt": _long(1000, 4000, 425),
    "jp": _long(1000, 2000, 384, 416),
    "ko": _long(1000, 2000, 440, 480),
    "mx": _long(1000, 4000, 425),
    "my": _double(425),
    "nl": _long(1000, 4000, 425),
    "no": _long(1000, 4000, 425),
    "nz": _double(400, 450),
    "ph": _long(1000, 4000, 425, 480),
    "pk": _long(1000, 2000, 400),
    "pl": _long(1000, 4000, 425),
    "pt": _long(1000, 5000, 425),
    "ro": _long(1850, 4150, 425, 475),
    "rs": _long(1000, 4000, 425),
    "ru": _long(800, 3200, 425),
    "sa": _long(1200, 4600, 425),
    "se": _long(1000, 5000, 425),
    "sg": _double(401, 449),
    "th": _long(1000, 4000, 375, 425),
    "tr": _long(2000, 4000, 450),
    "uk": _double(400, 450),
    "us": _long(2000, 4000, 440, 480),
    "us-old": _long(2000, 4000, 380, 460),
    "tw": _long(1000, 2000, 440, 480),
    "ve": _long(1000, 4000, 425),
    "za": _double(383, 417),
}


@lru_cache(maxsize=256)
def tone_streams(country: str, seconds: float | None, decibels: float = 0.0) -> tuple[str, ...]:
    """What to play, one after the other: one cycle, or exactly `seconds` of the cadence.

    Each frequency is louder by `decibels` than usual, as far as the switch can do it.
    """
    bursts, volume = RINGS[country], _volume(decibels)
    if seconds is None:
        return (_stream(bursts, volume),)
    cycle = sum(on + off for on, off, _ in bursts)
    whole, rest = divmod(round(seconds * 1000), cycle)
    streams = (f"{_stream(bursts, volume)};loops={whole}",) if whole else ()
    cut = _cut(bursts, rest)
    return (*streams, _stream(cut, volume)) if cut else streams


def _volume(decibels: float) -> str:
    if not decibels:
        return ""
    level = max(SOFTEST, min(LOUDEST, USUAL_LEVEL + decibels))
    return f"v={level:g};"


def _stream(bursts: list[Burst], volume: str) -> str:
    tones = (f"%({on},{off},{','.join(map(str, hertz))})" for on, off, hertz in bursts)
    return "tone_stream://" + volume + ";".join(tones)


def _cut(bursts: list[Burst], milliseconds: float) -> list[Burst]:
    left, cut = math.ceil(milliseconds), []
    for on, off, hertz in bursts:
        if left <= 0:
            break
        cut.append((min(on, left), max(0, min(off, left - on)), hertz))
        left -= on + off
    return cut
