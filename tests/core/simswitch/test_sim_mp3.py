"""MP3 files: how long they are, and that they can be played."""

import pytest

from adapter.simswitch.disk import Disk
from adapter.simswitch.files import Mp3File
from adapter.simswitch.mp3 import mp3_seconds
from adapter.simswitch.tones import milliseconds, sound

RATE = 8000


@pytest.fixture
def mp3(tmp_path):
    """A recording of so many seconds, as the simulated switch writes it."""

    def write(seconds, channels=1, before=b""):
        path = tmp_path / "a.mp3"
        file = Mp3File(path, channels, Disk())
        file.write(bytes(2 * channels * int(seconds * RATE)))
        file.close()
        path.write_bytes(before + path.read_bytes())
        return path

    return write


@pytest.mark.parametrize("channels", [1, 2])
def test_its_length_is_that_of_its_frames(mp3, channels):
    """An encoder pads by some frames of 72 ms."""
    assert mp3_seconds(mp3(10, channels)) == pytest.approx(10.5, abs=0.2)


def test_a_tag_in_front_does_not_count(mp3):
    alone = mp3_seconds(mp3(3))
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 100, 7]) + bytes(100 * 128 + 7)
    assert mp3_seconds(mp3(3, before=tag)) == alone


@pytest.mark.parametrize(
    ("header", "kbits"),
    [
        (b"\xff\xfb\x90", 128),  # MPEG 1, 128 kbit/s, 44.1 kHz
        (b"\xff\xf3\x80", 64),  # MPEG 2, 64 kbit/s, 22.05 kHz
    ],
)
def test_the_rate_of_the_first_frame_holds(tmp_path, header, kbits):
    path = tmp_path / "a.mp3"
    path.write_bytes(header + bytes(kbits * 1000 // 8 * 5 - len(header)))
    assert mp3_seconds(path) == 5


@pytest.mark.parametrize("content", [b"", b"ID3", b"no sound" * 100, b"\xff\xff\xff\xff" * 9])
def test_what_is_no_mp3_has_no_length(tmp_path, content):
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert mp3_seconds(path) is None


def test_it_is_played(mp3, tmp_path):
    found = sound(str(mp3(4)), tmp_path)
    assert found is not None
    assert found.kind == "file"
    assert milliseconds(found.source) == pytest.approx(4500, abs=200)
    assert sound(str(tmp_path / "absent.mp3"), tmp_path) is None
