"""What a phone says and a file server serves: tones, silence, something like speech."""

import base64
import io
import wave
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 8000
PEAK = 8000
"""Amplitude of what is said unless a test says otherwise: about -12 dBFS."""

SYLLABLES_PER_SECOND = 4
SPEECH_SEED = 7

NOISY_VOICE = 0.3
NOISE_PEAK = 1000
"""Seconds of each second in which something is said in noise, and how loud that is."""

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Sound:
    """A tone (one or more frequencies), silence or speech; without `seconds` it does not end."""

    kind: str
    seconds: float | None = None
    hz: tuple[int, ...] = ()
    peak: float = PEAK
    pcm: str = ""
    """A clip's samples, in base64."""

    def samples(self, start: int, count: int) -> Samples:
        """`count` samples from the `start`th on."""
        at = np.arange(start, start + count) / RATE
        match self.kind:
            case "tone":
                wave_ = sum(np.sin(2 * np.pi * hz * at) for hz in self.hz)
                return (self.peak * np.asarray(wave_)).clip(-32767, 32767).astype(np.int16)
            case "speech":
                noise = _noise()[np.arange(start, start + count) % RATE]
                envelope = 0.15 + 0.85 * np.sin(np.pi * SYLLABLES_PER_SECOND * at) ** 2
                return (self.peak * noise * envelope).astype(np.int16)
            case "noisy":
                voice = np.sin(2 * np.pi * self.hz[0] * at) * (at % 1 < NOISY_VOICE)
                noise = _noise()[np.arange(start, start + count) % RATE]
                return (self.peak * voice + NOISE_PEAK * noise).astype(np.int16)
            case "clip":
                every = np.frombuffer(base64.b64decode(self.pcm), "<i2")
                return np.resize(every[start : start + count], count)
            case _:
                return np.zeros(count, np.int16)

    def as_data(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Sound":
        return cls(**{**data, "hz": tuple(data["hz"])})


def tone(*hz: int, seconds: float | None = None, peak: float = PEAK) -> Sound:
    return Sound("tone", seconds, hz, peak)


def silence(seconds: float | None = None) -> Sound:
    return Sound("silence", seconds)


def speech(seconds: float | None = None) -> Sound:
    return Sound("speech", seconds)


def noisy(hz: int) -> Sound:
    """A tone of 0.3 s each second, in white noise."""
    return Sound("noisy", None, (hz,))


def clip(samples: Samples) -> Sound:
    """What was heard somewhere, to be said again (by real phones only)."""
    pcm = base64.b64encode(samples.astype("<i2").tobytes()).decode()
    return Sound("clip", samples.size / RATE, pcm=pcm)


def wav_bytes(*sounds: Sound) -> bytes:
    """The sounds, one after the other, as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for sound in sounds:
            count = round((sound.seconds or 0) * RATE)
            file.writeframes(sound.samples(0, count).tobytes())
    return buffer.getvalue()


def _noise() -> NDArray[np.float64]:
    return np.random.default_rng(SPEECH_SEED).uniform(-1, 1, RATE)
