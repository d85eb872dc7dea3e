"""What a piece of audio holds: how long, how loud, which tones, and when."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME_SECONDS = 0.02
AUDIBLE = 100.0
"""Root mean square from which a frame is a sound: -50 dBFS, above what G.711 makes of silence."""

PURE = 0.8
"""Share of a frame's energy that a tone has when the frame is nothing but that tone."""

Channel = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Audio:
    """Samples by channel: one row is one channel."""

    samples: NDArray[np.int16]
    rate: int = 8000

    @classmethod
    def from_pcm(cls, data: bytes, channels: int = 1, rate: int = 8000) -> "Audio":
        return cls(np.frombuffer(data, "<i2").reshape(-1, channels).T, rate)

    @classmethod
    def from_wav(cls, data: bytes) -> "Audio":
        """A PCM WAV whose header is right in every size: AssertionError if it is not."""
        riff, riff_size, kind = struct.unpack_from("<4sI4s", data)
        assert (riff, kind) == (b"RIFF", b"WAVE")
        assert riff_size == len(data) - 8, "the RIFF size is the file's"
        channels = rate = 0
        for name, content in _chunks(data):
            if name == b"fmt ":
                form, channels, rate, per_second, block, bits = struct.unpack_from(
                    "<HHIIHH", content
                )
                assert (form, bits) == (1, 16), "16 bit PCM"
                assert block == 2 * channels
                assert per_second == rate * block
            if name == b"data":
                return cls.from_pcm(content, channels, rate)
        raise AssertionError("a WAV file without a data chunk")

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        return int(self.samples.shape[1]) / self.rate

    def channel(self, number: int) -> "Audio":
        return Audio(self.samples[number : number + 1], self.rate)

    def between(self, start: float, end: float | None = None) -> "Audio":
        """The part from `start` to `end` seconds; negative ones count from the end."""
        first, last = (None if at is None else round(at * self.rate) for at in (start, end))
        return Audio(self.samples[:, first:last], self.rate)

    def rms(self, channel: int = 0) -> float:
        """Root mean square of the samples (of 32767)."""
        row = self.samples[channel].astype(float)
        return float(np.sqrt(np.mean(row**2))) if row.size else 0.0

    def level(self, hz: float, channel: int = 0) -> float:
        """Amplitude of a tone over the whole length (Goertzel)."""
        row = self.samples[channel].astype(float)
        turns = np.exp(-2j * np.pi * hz * np.arange(row.size) / self.rate)
        return float(2 * abs(np.dot(row, turns)) / row.size) if row.size else 0.0

    def seconds_of(self, *hz: float, channel: int = 0) -> float:
        """How long nothing but this tone (or these together) sounds, in all."""
        return float(np.sum(self._is_tone(hz, channel))) * FRAME_SECONDS

    def seconds_with(self, hz: float, channel: int = 0) -> float:
        """How long this tone sounds, alone or among others, in all."""
        frames = self._frames(channel)
        present = (_shares(frames, hz, self.rate) > 0.15) & (_rms(frames) > AUDIBLE)
        return float(np.sum(present)) * FRAME_SECONDS

    def seconds_audible(self, channel: int = 0) -> float:
        """How long anything sounds, in all."""
        return float(np.sum(_rms(self._frames(channel)) > AUDIBLE)) * FRAME_SECONDS

    def start_of(self, *hz: float, channel: int = 0) -> float | None:
        """When this tone begins."""
        found = np.flatnonzero(self._is_tone(hz, channel))
        return float(found[0]) * FRAME_SECONDS if found.size else None

    def tones(self, candidates: list[int], channel: int = 0) -> list[int | None]:
        """Which of the candidates each frame of 20 ms is; None: none of them."""
        frames = self._frames(channel)
        shares = np.array([_shares(frames, hz, self.rate) for hz in candidates])
        best, loud = shares.argmax(axis=0), _rms(frames) > AUDIBLE
        return [
            candidates[index] if share > 0.5 and audible else None
            for index, share, audible in zip(best, shares.max(axis=0), loud, strict=True)
        ]

    def _is_tone(self, hz: tuple[float, ...], channel: int) -> NDArray[np.bool_]:
        frames = self._frames(channel)
        share = np.sum([_shares(frames, each, self.rate) for each in hz], axis=0)
        return np.asarray((share > PURE) & (_rms(frames) > AUDIBLE))

    def _frames(self, channel: int) -> Channel:
        row = self.samples[channel].astype(float)
        length = round(FRAME_SECONDS * self.rate)
        whole = row[: row.size - row.size % length]
        return np.asarray(whole.reshape(-1, length))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        assert at + 8 + length <= len(data), f"the chunk {name!r} is longer than the file"
        found.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length + (length & 1)
    return found


def _rms(frames: Channel) -> Channel:
    return np.asarray(np.sqrt(np.mean(frames**2, axis=1)))


def _shares(frames: Channel, hz: float, rate: int) -> Channel:
    """Each frame's share of energy at a frequency."""
    length = frames.shape[1]
    turns = np.exp(-2j * np.pi * hz * np.arange(length) / rate)
    power = 2 * np.abs(frames @ turns) ** 2 / length
    return np.asarray(power / np.maximum(np.sum(frames**2, axis=1), 1e-9))
