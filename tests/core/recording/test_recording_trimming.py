"""Silence at the ends of a closed recording: what is cut, and what is left alone."""

import errno
import wave
from array import array
from pathlib import Path

import pytest

from adapter.recording import files
from adapter.recording.trimming import KEPT_SECONDS, SILENT_PEAK, trim

RATE = 8000


def written(path: Path, *pieces: tuple[float, int], channels: int = 1, width: int = 2) -> Path:
    """A WAV of pieces: seconds and the peak of what is there."""
    samples = array("h")
    for seconds, peak in pieces:
        samples.extend([peak, -peak] * int(seconds * RATE * channels / 2))
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


def seconds(path: Path) -> float:
    return files.examine(path, "wav").duration or 0.0


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_goes_from_both_ends_and_not_from_between(tmp_path, channels):
    path = written(
        tmp_path / "a.wav",
        (2, 0), (1, 9000), (3, SILENT_PEAK), (0.5, SILENT_PEAK + 100), (4, 10),
        channels=channels,
    )  # fmt: skip
    assert trim(path)
    assert seconds(path) == pytest.approx(4.5 + 2 * KEPT_SECONDS, abs=0.04)
    assert not files.examine(path, "wav").truncated
    assert [one.name for one in tmp_path.iterdir()] == ["a.wav"]
    before = path.read_bytes()
    assert not trim(path), "it is done once"
    assert path.read_bytes() == before


def test_a_long_one_is_copied_in_pieces(tmp_path):
    path = written(tmp_path / "a.wav", (1, 0), (30, 5000), (1, 0))
    assert trim(path)
    assert seconds(path) == pytest.approx(30 + 2 * KEPT_SECONDS, abs=0.04)


@pytest.mark.parametrize(
    "pieces", [[(3, 0)], [(0.05, 0), (1, 9000), (0.05, 0)], [], [(2, 9000)]], ids=str
)
def test_what_has_nothing_to_cut_stays_as_it_is(tmp_path, pieces):
    path = written(tmp_path / "a.wav", *pieces)
    before = path.read_bytes()
    assert not trim(path)
    assert path.read_bytes() == before


def test_what_is_no_such_file_stays_as_it_is(tmp_path):
    for content in (b"", b"RIFF", b"ID3 something"):
        path = tmp_path / "a.wav"
        path.write_bytes(content)
        assert not trim(path)
        assert path.read_bytes() == content
    assert not trim(written(tmp_path / "b.wav", (1, 0), (1, 9000), (1, 0), width=1))


def test_a_full_disk_leaves_the_whole_file(tmp_path, monkeypatch):
    path = written(tmp_path / "a.wav", (1, 0), (1, 9000), (1, 0))

    def full(*_):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        trim(path)
    assert seconds(path) == 3.0
    assert [one.name for one in tmp_path.iterdir()] == ["a.wav"]
