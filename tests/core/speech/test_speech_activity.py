"""Where somebody speaks, by the loudness of frames."""

import wave
from array import array

import pytest

from adapter.speech.activity import Stretch, frame_levels, has_voice, stretches

RATE = 8000


def write(path, *parts: tuple[float, int]) -> None:
    """(seconds, amplitude) one after the other."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for seconds, amplitude in parts:
            half = array("h", [amplitude, -amplitude])
            file.writeframes((half * round(seconds * RATE / 2)).tobytes())


@pytest.mark.parametrize(
    ("parts", "voice"),
    [
        ([(1, 1000)], True),
        ([(3, 0), (0.1, 300), (0.1, 0)], True),
        ([(3, 199)], False),
        ([(1, 0), (0.04, 9000), (1, 0)], False),
        ([(1, 1000), (5, 0)], False),
        ([], False),
    ],
)
def test_voice_near_the_end(tmp_path, parts, voice):
    write(tmp_path / "a.wav", *parts)
    assert has_voice(tmp_path / "a.wav") is voice


def test_no_file_has_no_voice(tmp_path):
    assert frame_levels(tmp_path / "none.wav") == []
    (tmp_path / "x.wav").write_bytes(b"RIFF")
    assert not has_voice(tmp_path / "x.wav")


def frames(*parts: tuple[float, int]) -> list[int]:
    return [level for seconds, level in parts for _ in range(round(seconds / 0.02))]


@pytest.mark.parametrize(
    ("levels", "found"),
    [
        ([], []),
        (frames((1, 0)), [Stretch(False, 0, 1)]),
        (
            frames((0.5, 0), (1, 900), (0.5, 0)),
            [Stretch(False, 0, 0.5), Stretch(True, 0.5, 1), Stretch(False, 1.5, 0.5)],
        ),
        # A pause inside a word, and a click.
        (frames((0.2, 900), (0.08, 0), (0.2, 900)), [Stretch(True, 0, 0.48)]),
        (frames((0.4, 0), (0.02, 9000), (0.58, 0)), [Stretch(False, 0, 1)]),
        # What has just begun may be a pause or a word; it stands as it is.
        (frames((0.2, 900), (0.06, 0)), [Stretch(True, 0, 0.2), Stretch(False, 0.2, 0.06)]),
    ],
)
def test_stretches(levels, found):
    assert stretches(levels) == [
        Stretch(one.voice, pytest.approx(one.start), pytest.approx(one.seconds)) for one in found
    ]
