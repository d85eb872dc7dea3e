"""Sounds by name and what callers say."""

from itertools import pairwise
from pathlib import Path

import pytest

from adapter.simswitch.audio import RATE, Clip, Sequence, Silence, Speech, Tone, mean_level
from adapter.simswitch.disk import Disk
from adapter.simswitch.files import Mp3File
from adapter.simswitch.timeline import Timeline
from adapter.simswitch.tones import milliseconds, sound, spoken, tone_stream


@pytest.mark.parametrize(
    ("spec", "ms"),
    [
        ("%(100,0,440)", 100),
        ("%(200,100,440,480);loops=3", 900),
        ("%(200,100,440);loops=-1", None),
        ("v=-20;%(500,0,440)", 500),
        ("l=2;%(250,250,800)", 1000),
        ("1;2", 380),
        ("junk", 0),
    ],
)
def test_the_length_of_a_tone(spec: str, ms: float | None) -> None:
    assert milliseconds(tone_stream(spec)) == ms


def test_a_tone_is_as_loud_as_a_real_switch_makes_it() -> None:
    samples = tone_stream("%(1000,0,440)").samples(0, RATE)
    assert max(samples) == pytest.approx(10185, abs=20)


def test_a_tone_has_its_frequency() -> None:
    samples = Tone((440.0,), 9000.0).samples(0, RATE)
    rising = sum(1 for a, b in pairwise(samples) if a < 0 <= b)
    assert rising == pytest.approx(440, abs=1)


@pytest.mark.parametrize("source", [Tone((300.0, 441.0), 4000.0), Speech(), Silence()])
def test_any_stretch_is_the_same_as_that_of_the_whole(source: Tone | Speech | Silence) -> None:
    whole = source.samples(0, 5 * RATE)
    assert source.samples(12345, 6789) == whole[12345 : 12345 + 6789]


def test_a_sequence_goes_on_across_its_parts() -> None:
    parts = (Tone((440.0,), 9000.0, 800), Silence(800))
    samples = Sequence(parts, loops=2).samples(0, 4000)
    assert len(samples) == 4000
    assert not any(samples[800:1600])
    assert samples[1600:2400] == samples[:800]
    assert not any(samples[3200:])


def test_speech_is_heard_and_as_long_as_its_text() -> None:
    said = spoken("hello world")
    assert milliseconds(said.source) == pytest.approx(1100, abs=100)
    assert mean_level(said.source.samples(0, RATE)) > 1000


@pytest.mark.parametrize("name", ["missing.wav", "foo://bar", "silence_stream://0", "/no/file.wav"])
def test_what_there_is_not(name: str, tmp_path: Path) -> None:
    assert sound(name, tmp_path) is None


def test_silence_of_a_length() -> None:
    found = sound("silence_stream://400", Path("/"))
    assert found is not None
    assert milliseconds(found.source) == 400


def test_a_timeline_is_silent_between_its_sounds() -> None:
    timeline = Timeline()
    first = timeline.begin(2, Clip(Tone((440.0,), 9000.0).samples(0, 320)))
    first.end = 4
    timeline.begin(6, Tone((300.0,), 9000.0))
    assert [timeline.at(frame) is not None for frame in range(8)] == [
        False, False, True, True, False, False, True, True,
    ]  # fmt: skip
    samples = timeline.render(0, 8)
    assert len(samples) == 8 * 160
    assert not any(samples[:320])
    assert not any(samples[640:960])
    assert samples[960:] == Tone((300.0,), 9000.0).samples(0, 320)


def test_an_mp3_is_played_as_silence_of_its_length(tmp_path: Path) -> None:
    file = Mp3File(tmp_path / "a.mp3", 1, Disk())
    file.write(bytes(2 * 8000))
    file.close()
    found = sound(str(tmp_path / "a.mp3"), Path("/"))
    assert found is not None
    assert milliseconds(found.source) == pytest.approx(20 * 72, abs=1)
