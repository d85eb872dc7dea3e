"""How long an MP3 is; what it sounds like nobody here decodes. Pure.

Source: ISO 11172-3, the header of a layer III frame. The first frame's rate is taken for all.
"""

from pathlib import Path

HEAD_BYTES = 64 * 1024
"""Where the first frame must begin, behind an ID3v2 tag of any length."""

_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def mp3_seconds(path: Path) -> float | None:
    """Seconds of an MP3 file; None: there is none, or it is no MP3."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            begin = _after_tag(file.read(10))
            file.seek(begin)
            head = file.read(HEAD_BYTES)
    except OSError:
        return None
    for at in range(len(head) - 3):
        if kbits := _kbits(head[at : at + 3]):
            return (size - begin - at) * 8 / (kbits * 1000)
    return None


def _after_tag(start: bytes) -> int:
    """Where the audio begins: a tag's length is four times seven bits."""
    if start[:3] != b"ID3" or len(start) < 10:
        return 0
    length = 0
    for byte in start[6:10]:
        length = length << 7 | byte & 0x7F
    return 10 + length


def _kbits(header: bytes) -> int:
    """The rate that a frame's header gives; 0: this is none."""
    sync, version, layer = header[0] << 3 | header[1] >> 5, header[1] >> 3 & 3, header[1] >> 1 & 3
    index, rate = header[2] >> 4, header[2] >> 2 & 3
    if sync != 0x7FF or version == 1 or layer != 1 or index == 15 or rate == 3:
        return 0
    return (_KBITS_1 if version == 3 else _KBITS_2)[index]
