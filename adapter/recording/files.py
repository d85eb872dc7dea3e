"""What the closed file says. Channel variables are not asked: sizes are wrong for MP3, durations
after a change of rate.

A WAV's duration is exact and read here. An MP3 is padded by its encoder (6.06 s of call gave
6.48 s of frames) and an MP4's clock is its muxer's, so for those the caller gives the switch's
`record_ms`.

A disk that is full when a file is closed goes unnoticed by the switch: it reports a success, and
up to four seconds, or all of it, are missing. So what the file holds is compared with what the
switch believes to have written (`FileFacts.lacks`).
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

HEAD_BYTES = 4096
"""How much of a WAV is read for its header: 44 bytes, with a LIST chunk under 1 kB."""


class NoRecording(Exception):
    """The file is absent, unreadable or not of its format."""


TOLERATED_SAMPLES = 1600
"""By so much the switch's count may exceed the file: it counts the last frames of a stereo file
twice (switch_ivr_async.c, `record_callback`, the loop after the thread has ended)."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A closed file: bytes, and seconds where the format tells them exactly."""

    size: int
    duration: float | None
    truncated: bool = False
    """The header promises less than the file holds: its writer died before it closed the file."""
    samples: int = field(default=0, compare=False)
    """Samples of each channel that the file holds; of an MP3 its padding with them."""
    rate: int = field(default=0, compare=False)
    """Samples a second; 0 where the file does not tell it (yet)."""
    plays: float | None = field(default=None, compare=False)
    """How many seconds an MP4 plays by its own clock."""

    def lacks(self, written: int) -> int:
        """How many of the samples that the switch counted are not in the file."""
        missing = written - self.samples
        return missing if missing > TOLERATED_SAMPLES else 0


def examine(path: Path, format_: str) -> FileFacts:
    """The facts of a closed recording; raises `NoRecording` with the reason."""
    try:
        with path.open("rb", buffering=0) as file:
            return _EXAMINE[format_](file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise NoRecording(f"{error.strerror}: {path}") from error
    except struct.error as error:
        raise NoRecording("a WAV file that ends inside its header") from error


def rate_of(path: Path, format_: str) -> int:
    """Samples a second of a file that may just be written; 0 as long as that is unknown."""
    try:
        return examine(path, format_).rate
    except NoRecording:
        return 0


def _wav(file: BinaryIO, size: int) -> FileFacts:
    head = file.read(HEAD_BYTES)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NoRecording("this is no WAV file")
    # A byte of padding behind odd data may count or not.
    closed = struct.unpack_from("<I", head, 4)[0] + 9 >= size
    rate, bytes_per_second, block, offset = 0, 0, 1, 12
    while offset + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, offset)
        offset += 8
        if name == b"fmt ":
            rate, bytes_per_second, block = struct.unpack_from("<IIH", head, offset + 4)
        elif name == b"data":
            # Chunks may follow the data, but only in a file whose writer has closed it.
            present = min(length, size - offset) if closed else size - offset
            facts = _wav_data(length, present, bytes_per_second, size)
            held = min(length, present) if closed else present
            return replace(
                facts,
                truncated=facts.truncated or not closed,
                samples=held // max(1, block),
                rate=rate,
            )
        offset += length + (length & 1)
    raise NoRecording("a WAV file without sound data")


def _wav_data(promised: int, present: int, bytes_per_second: int, size: int) -> FileFacts:
    if not bytes_per_second:
        raise NoRecording("a WAV file without a format")
    # Up to one odd byte of padding may follow the data.
    truncated = not promised <= present <= promised + 1
    length = present if truncated else promised
    return FileFacts(size=size, duration=length / bytes_per_second, truncated=truncated)


def _mp3(file: BinaryIO, size: int) -> FileFacts:
    """At the constant rate of its first frame (ISO 11172-3 §2.4.2.3), as mod_shout encodes."""
    head = file.read(4)
    if not head:
        return FileFacts(size=0, duration=None)
    if head[:3] == b"ID3":  # a channel with a RECORD_TITLE: how long the tag is does not matter
        return FileFacts(size=size, duration=None, samples=sys.maxsize)
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        raise NoRecording("this is no MP3 file")
    mpeg1 = head[1] & 0x18 == 0x18
    kilobits = (_MPEG1_KILOBITS if mpeg1 else _MPEG2_KILOBITS)[head[2] >> 4]
    rate = _MP3_RATES[head[2] >> 2 & 3] >> _MP3_RATE_SHIFTS[head[1] >> 3 & 3]
    if not kilobits or not rate:
        raise NoRecording("an MP3 file of an unknown rate")
    return FileFacts(size, None, samples=size * rate // (kilobits * 125), rate=rate)


_MPEG1_KILOBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_MPEG2_KILOBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_MP3_RATES = (44100, 48000, 32000, 0)
_MP3_RATE_SHIFTS = (2, 0, 1, 0)
"""Of MPEG 2.5, none, 2 and 1."""


def _mp4(file: BinaryIO, size: int) -> FileFacts:
    """Its boxes (ISO 14496-12 §4.2): one whose writer died has no index (`moov`) yet."""
    offset, names, plays = 0, set(), None
    while offset + 8 <= size:
        file.seek(offset)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length < 8 or offset + length > size:
            break
        names.add(name)
        if name == b"moov":
            plays = _mp4_seconds(file.read(length - 8))
        offset += length
    if b"moov" not in names:
        raise NoRecording("an MP4 file without its index, which nobody can play")
    return FileFacts(size=size, duration=None, samples=sys.maxsize, plays=plays)


def _mp4_seconds(moov: bytes) -> float | None:
    """Of its one track, in units of its own (`mdhd`, ISO 14496-12 §8.4.2)."""
    at = moov.find(b"mdhd") + 4
    if at < 4 or at + 20 > len(moov) or moov[at]:
        return None
    scale, duration = struct.unpack_from(">II", moov, at + 12)
    return duration / scale if scale else None


def _document(file: BinaryIO, size: int) -> FileFacts:
    """A fax: it has no length in time."""
    if not file.read(5).startswith((b"%PDF-", b"II*\0", b"MM\0*")):
        raise NoRecording("this is neither a PDF nor a TIFF file")
    return FileFacts(size=size, duration=None)


_EXAMINE: dict[str, Callable[[BinaryIO, int], FileFacts]] = {
    "wav": _wav,
    "mp3": _mp3,
    "mp4": _mp4,
    "pdf": _document,
    "tiff": _document,
}


def repair(path: Path) -> None:
    """Give a WAV whose writer died the sizes of what it holds; raises OSError if it may not."""
    with path.open("r+b") as file:
        head, size = file.read(HEAD_BYTES), path.stat().st_size
        data = head.index(b"data")
        file.seek(4)
        file.write(struct.pack("<I", size - 8))
        file.seek(data + 4)
        file.write(struct.pack("<I", size - data - 8))


def write_empty(path: Path, format_: str, channels: int) -> None:
    """A valid file of no length: the switch removes what was stopped before the first frame."""
    path.write_bytes(_EMPTY[format_](channels))


def _empty_wav(channels: int, rate: int = 8000) -> bytes:
    block = channels * 2
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * block, block, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + fmt
        + (b"data" + struct.pack("<I", 0))
    )


def _empty_mp3(channels: int) -> bytes:
    """One MPEG-2 Layer III frame of silence, 8 kbit/s at 16 kHz: no player takes less as an MP3."""
    mode = 0xC4 if channels == 1 else 0x04
    return bytes((0xFF, 0xF3, 0x18, mode)) + bytes(36 - 4)


def _empty_mp4(_channels: int) -> bytes:
    """`ftyp` and a `moov` that holds no track (ISO 14496-12 §4.3, §8.2)."""
    ftyp = _box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    mvhd = struct.pack(">IIIIIIH10x", 0, 0, 0, 1000, 0, 0x10000, 0x100) + matrix + bytes(24)
    return ftyp + _box(b"moov", _box(b"mvhd", mvhd + struct.pack(">I", 1)))


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


_EMPTY = {"wav": _empty_wav, "mp3": _empty_mp3, "mp4": _empty_mp4}
