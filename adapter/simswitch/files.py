"""Recording files as the switch's file modules leave them: WAV, padded MP3 frames, a stub MP4.

Rules
- WAV (mod_sndfile): the header stands at once with sizes of zero; samples follow in steps of
  64 KiB (SWITCH_DEFAULT_FILE_BUFFER_LEN), or frame by frame without buffering; the sizes are
  corrected at close. A switch that is killed therefore leaves a header that says 'empty' before
  whole steps of audio. On a full disk a file cannot be begun; of one that runs the steps that do
  not fit are missing, and the last one, written at close, is missed by nobody.
- MP3 (mod_shout): real MPEG frames at a constant rate that decode to silence, padded at the
  end by the encoder, so that their duration is longer than the recording.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from adapter.simswitch.audio import RATE
from adapter.simswitch.disk import Disk

WRITE_STEP = 65536
EMPTY_RIFF_SIZE = 8  # what libsndfile writes before it knows better

MP3_SAMPLES = 576  # a frame of MPEG 2.5 layer III
MP3_BYTES_PER_CHANNEL = 144  # 16 kbit/s for each channel at 8 kHz
MP3_PADDING_FRAMES = 6  # the encoder's delay and its last, padded frame
MP3_STEREO_FRAMES = 1  # an Info frame in front, where lame writes one
MP3_STALE_SIZE = 4096  # mod_shout reports what it had flushed, not what it will write


class RecordingFile(Protocol):
    """Takes interleaved 16-bit samples."""

    @property
    def failed(self) -> bool:
        """Whether something could not be written."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> int | None:
        """Returns what the switch will report as record_file_size; None: nothing."""


class WavFile:
    """A PCM wave file that grows in steps."""

    def __init__(self, path: Path, channels: int, disk: Disk) -> None:
        self.failed = False
        self.step = WRITE_STEP
        self._channels = channels
        self._disk = disk
        self._file = path.open("wb", buffering=0)
        self._pending = bytearray()
        self._written = 0
        disk.write(self._file, self._header(EMPTY_RIFF_SIZE, 0))

    def write(self, data: bytes) -> None:
        self._pending += data
        whole = len(self._pending) - len(self._pending) % self.step
        if whole:
            self._flush(whole)

    def close(self) -> int:
        self._flush(len(self._pending))
        self._file.seek(0)  # what is there is written again without more space
        self._file.write(self._header(36 + self._written, self._written))
        self._file.close()
        return 44 + self._written

    def _flush(self, count: int) -> None:
        step = bytes(self._pending[:count])
        del self._pending[:count]
        try:
            self._disk.write(self._file, step)
        except OSError:
            self.failed = True
        else:
            self._written += count

    def _header(self, riff: int, data: int) -> bytes:
        block = 2 * self._channels
        format_ = struct.pack("<HHIIHH", 1, self._channels, RATE, RATE * block, block, 16)
        return (
            struct.pack("<4sI4s4sI", b"RIFF", riff, b"WAVE", b"fmt ", 16)
            + format_
            + struct.pack("<4sI", b"data", data)
        )


class Mp3File:
    """Constant frames of silence, as many as the samples need and the encoder adds."""

    failed = False

    def __init__(self, path: Path, channels: int, disk: Disk) -> None:
        self._file = path.open("wb", buffering=0)
        self._disk = disk
        self._channels = channels
        self._samples = 0

    def write(self, data: bytes) -> None:
        self._samples += len(data) // 2 // self._channels

    def close(self) -> int | None:
        stereo = self._channels == 2
        frames = -(-self._samples // MP3_SAMPLES)
        if frames:
            frames += MP3_PADDING_FRAMES + (MP3_STEREO_FRAMES if stereo else 0)
        with suppress(OSError):  # mod_shout does not look
            self._disk.write(self._file, mp3_frame(self._channels) * frames)
        self._file.close()
        return MP3_STALE_SIZE if stereo else None


def mp3_frame(channels: int) -> bytes:
    """One MPEG 2.5 layer III frame at 8 kHz whose side information is all zero: silence."""
    version_layer = 0xFFE3  # sync, MPEG 2.5, layer III, no CRC
    rate = 0x48 if channels == 2 else 0x28  # index 4 or 2: 32 or 16 kbit/s; 8 kHz
    mode = 0x04 if channels == 2 else 0xC4
    length = MP3_BYTES_PER_CHANNEL * channels
    return struct.pack(">HBB", version_layer, rate, mode) + bytes(length - 4)


class Mp4File:
    """A file type and an empty index: enough to have a name and a size."""

    failed = False

    def __init__(self, path: Path, channels: int, disk: Disk) -> None:  # noqa: ARG002
        self._path = path

    def write(self, data: bytes) -> None:
        """Video containers are not simulated."""

    def close(self) -> int:
        box = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"mp42", 0, b"mp42", b"isom")
        return self._path.write_bytes(box + struct.pack(">I4s", 8, b"moov"))


@dataclass(frozen=True, slots=True)
class Format:
    module: str
    make: type[WavFile] | type[Mp3File] | type[Mp4File]


FORMATS = {
    "wav": Format("mod_sndfile", WavFile),
    "mp3": Format("mod_shout", Mp3File),
    "mp4": Format("mod_av", Mp4File),
}
