"""Sound by its name, as `playback` takes it: tone_stream, silence_stream, wave files. Pure.

Source: mod_tone_stream.c, libteletone_generate.c (teletone_run), switch_ivr_play_say.c.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from adapter.simswitch.audio import (
    RATE,
    Sequence,
    Silence,
    Source,
    Speech,
    Tone,
    read_wav,
    samples_of,
)
from adapter.simswitch.mp3 import mp3_seconds
from adapter.simswitch.strings import atoi

DEFAULT_DB = -7.0
DBM0_MAX_POWER = 3.14 + 3.02
FULL_SINE = 32768 * 1.414214
DTMF_ON_MS, DTMF_OFF_MS = 180, 10  # teletone's own defaults
SPEECH_START_MS, SPEECH_MS_PER_CHARACTER = 350, 65  # `hello world` takes mod_flite 1.1 s
DTMF = {
    digit: (float(row), float(column))
    for row, digits in ((697, "123A"), (770, "456B"), (852, "789C"), (941, "*0#D"))
    for digit, column in zip(digits, (1209, 1336, 1477, 1633), strict=True)
}
_TOKEN = re.compile(r"%\(([^)]*)\)|([A-Za-z>+<])=([^;%]*)|([0-9A-D*#])|[;, ]+|.")


def peak_of(decibels: float) -> float:
    """The peak of a sine teletone makes for this volume."""
    return float(FULL_SINE * 10 ** ((decibels - DBM0_MAX_POWER) / 20))


@dataclass(frozen=True, slots=True)
class Sound:
    """A source with what it is (tone, silence, speech, file) and what it was asked for by."""

    kind: str
    name: str
    source: Source


def sound(name: str, sounds: Path) -> Sound | None:
    """What `playback name` plays; None: there is no such file. `sounds`: for relative paths."""
    if name.startswith("tone_stream://"):
        return Sound("tone", name, tone_stream(name.removeprefix("tone_stream://")))
    if name.startswith("silence_stream://"):
        ms = atoi(name.removeprefix("silence_stream://"))
        length = samples_of(ms) if ms > 0 else None
        return Sound("silence", name, Silence(length)) if ms else None
    if "://" in name:
        return None
    source = _file(sounds / name.rsplit("}", 1)[-1])
    return None if source is None else Sound("file", name, source)


def ringback(name: str, sounds: Path) -> Sound | None:
    """What the variable `ringback` plays until somebody answers: tones, or a sound, repeated."""
    if name.startswith("/") or "://" in name:
        found = sound(name, sounds)
    else:
        found = Sound("tone", name, tone_stream(name))
    if found is None or found.source.length is None:
        return found
    return Sound(found.kind, name, Sequence((found.source,), loops=-1))


def _file(path: Path) -> Source | None:
    """What a file holds: a wave, or silence as long as an MP3."""
    clip = read_wav(path)
    if clip is not None:
        return clip
    seconds = mp3_seconds(path)
    return None if seconds is None else Silence(samples_of(seconds * 1000))


def tone_stream(spec: str) -> Source:
    """`v=-7;%(on,off,hz,...)`, digits, `l=` (loops of what follows) and `;loops=`."""
    spec, _, total = re.sub("(?i);loops=", ";loops=", spec).partition(";loops=")
    decibels, repeat = DEFAULT_DB, 1
    parts: list[Source] = []
    for shape, command, value, digit in _TOKEN.findall(spec):
        if shape:
            parts += _shape(shape, decibels) * max(1, repeat)
        elif command == "v":
            decibels = float(value or DEFAULT_DB)
        elif command in {"l", "L"}:
            repeat = atoi(value)
        elif digit:
            parts += _tone(DTMF[digit], DTMF_ON_MS, DTMF_OFF_MS, decibels)
    return Sequence(tuple(parts), loops=atoi(total) or 1)


def _shape(shape: str, decibels: float) -> list[Source]:
    numbers = [float(number) for number in re.findall(r"[\d.]+", shape)]
    on, off, *frequencies = [*numbers, 0.0, 0.0][: max(2, len(numbers))]
    return _tone(tuple(frequencies), on, off, decibels)


def _tone(frequencies: tuple[float, ...], on: float, off: float, decibels: float) -> list[Source]:
    tone = Tone(frequencies, peak_of(decibels), samples_of(on))
    return [tone, Silence(samples_of(off))] if off else [tone]


def spoken(text: str) -> Sound:
    """Something audible of the length that a voice would take for `text`."""
    length = samples_of(SPEECH_START_MS + SPEECH_MS_PER_CHARACTER * len(text))
    return Sound("speech", text, Speech(length))


def milliseconds(source: Source) -> float | None:
    return None if source.length is None else source.length * 1000 / RATE
