"""What the closed file says. Channel variables are not asked: sizes are wrong for MP3, durations
after a change of rate.

A WAV's duration is exact and read here. An MP3 is padded by its encoder (6.06 s of call gave
6.48 s of frames) and an MP4's clock is its muxer's, so for those the caller gives the switch's
`record_ms`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

HEAD_BYTES = 4096
"""How much of a WAV is read for its header: 44 bytes, with a LIST chunk under 1 kB."""


class NoRecording(Exception):
    """The file is absent, unreadable or not of its format."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A closed file: bytes, and seconds where the format tells them exactly."""

    size: int
    duration: float | None
    truncated: bool = False
    """The header promises less than the file holds: its writer died before it closed the file."""


def examine(path: Path, format_: str) -> FileFacts:
    """The facts of a closed recording; raises `NoRecording` with the reason."""
    try:
        size = path.stat().st_size
        if format_ != "wav":
            return FileFacts(size=size, duration=None)
        with path.open("rb") as file:
            return _wav(file.read(HEAD_BYTES), size)
    except OSError as error:
        raise NoRecording(f"{error.strerror}: {path}") from error
    except struct.error as error:
        raise NoRecording("a WAV file that ends inside its header") from error


def _wav(head: bytes, size: int) -> FileFacts:
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NoRecording("this is no WAV file")
    closed = struct.unpack_from("<I", head, 4)[0] + 8 >= size
    bytes_per_second, offset = 0, 12
    while offset + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, offset)
        offset += 8
        if name == b"fmt ":
            (bytes_per_second,) = struct.unpack_from("<I", head, offset + 8)
        elif name == b"data":
            # Chunks may follow the data, but only in a file whose writer has closed it.
            present = min(length, size - offset) if closed else size - offset
            return _wav_data(length, present, bytes_per_second, size)
        offset += length + (length & 1)
    raise NoRecording("a WAV file without sound data")


def _wav_data(promised: int, present: int, bytes_per_second: int, size: int) -> FileFacts:
    if not bytes_per_second:
        raise NoRecording("a WAV file without a format")
    # Up to one odd byte of padding may follow the data.
    truncated = not promised <= present <= promised + 1
    length = present if truncated else promised
    return FileFacts(size=size, duration=length / bytes_per_second, truncated=truncated)


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
