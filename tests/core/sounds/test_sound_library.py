"""From a sound to an application and its argument; nothing of a URL reaches the switch."""

import wave
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.freeswitch import commands
from adapter.helpers.errors import HelperError
from adapter.helpers.worker import find
from adapter.sounds.library import Playback, SoundLibrary, Speakers
from adapter.sounds.playable import NotPlayable, Ring, Say, Silence, Web
from adapter.sounds.renderer import Renderer
from adapter.sounds.voices import FLITE, Rule, Voice, Wish


class FakeKept:
    """Knows no sounds but what the test puts into the folder; keeps what was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []

    def get(self, url: str) -> str:
        self.asked.append(url)
        name = url.rpartition("/")[2]
        if not (self.folder / name).exists():
            raise NotPlayable("the sound cannot be fetched: 404")
        return name


class FakeHelpers:
    """Runs functions here."""

    failure: Exception | None = None

    def run(self, function: str, *, deadline: float, **arguments):
        if self.failure:
            raise self.failure
        return find(function)(**arguments)


@pytest.fixture
def kept(tmp_path: Path) -> FakeKept:
    (tmp_path / "sounds").mkdir()
    return FakeKept(tmp_path / "sounds")


@pytest.fixture
def helpers() -> FakeHelpers:
    return FakeHelpers()


def make(folder: Path, kept, helpers=None, **details) -> SoundLibrary:
    return SoundLibrary(
        folder,
        "/switch",
        kept=kept,
        helpers=helpers,
        renderer=Renderer(folder / "sounds", helpers, **details),
        own_recording={"http://us/r1": "/switch/r1.wav"}.get,
        speakers=Speakers(Voice("flite", "kal"), (Rule(Voice("render", "v1"), "own"), *FLITE)),
    )


@pytest.fixture
def sounds(tmp_path: Path, kept, helpers) -> SoundLibrary:
    return make(tmp_path, kept, helpers)


def only(playbacks) -> Playback:
    (playback,) = playbacks
    return playback


def spoken(text: str, voice: str = "kal", decibels: float = 0.0) -> Playback:
    return Playback("playback", f"tts://flite|{voice}|{text}", decibels)


@pytest.mark.parametrize(
    ("sound", "playbacks"),
    [
        (Say("Hello | ${world} @@9"), [spoken("Hello   $ {world} @ @ 9")]),
        (Silence(1.5), [Playback("playback", "silence_stream://1500")]),
        (Silence(0), []),
        (Silence(0.0004), []),
        (Ring("us"), [Playback("playback", "tone_stream://%(2000,4000,440,480)")]),
        (
            Ring("us", 7),
            [
                Playback("playback", "tone_stream://%(2000,4000,440,480);loops=1"),
                Playback("playback", "tone_stream://%(1000,0,440,480)"),
            ],
        ),
        (Ring("us", 0), []),
        (Web("http://us/r1"), [Playback("playback", "/switch/r1.wav")]),
    ],
)
def test_playbacks(sounds, kept, sound, playbacks):
    assert list(sounds.playbacks(sound)) == playbacks
    assert kept.asked == []


@pytest.mark.parametrize(
    ("wish", "voice"),
    [
        (Wish(), "kal"),
        (Wish("Polly.Salli", "en-US", ""), "kal"),
        (Wish("Polly.Salli", "en-US", "female"), "slt"),
        (Wish(gender="male"), "rms"),
        (Wish("AWB", gender="female"), "awb"),
    ],
)
def test_who_speaks(sounds, wish, voice):
    assert only(sounds.playbacks(Say("x"), wish=wish)) == spoken("x", voice)


@given(st.text())
def test_every_text_makes_one_harmless_command(text):
    sounds = make(Path("/x"), None)
    said = only(sounds.playbacks(Say(text)))
    assert "@@" not in said.argument
    assert commands.execute(said.application, said.argument, event_uuid="u").count(b"\n\n") == 1


# -- the volume ----------------------------------------------------------------------------------


def write_wav(path: Path, samples: list[int], width: int = 2) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(b"".join(n.to_bytes(width, "little", signed=True) for n in samples))


def samples_of(path: Path) -> list[int]:
    with wave.open(str(path), "rb") as file:
        return list(array("h", file.readframes(file.getnframes())))


@pytest.mark.parametrize(
    ("decibels", "samples"),
    [
        (-6.0206, [0, 500, -500, 16383, -16384]),
        (6.0206, [0, 2000, -2000, 32767, -32768]),
        (-40, [0, 10, -10, 328, -328]),
    ],
)
def test_a_wav_is_played_exactly_as_loud_as_asked(sounds, tmp_path, decibels, samples):
    write_wav(tmp_path / "sounds" / "a.wav", [0, 1000, -1000, 32767, -32768])
    played = only(sounds.playbacks(Web("http://h/a.wav"), decibels=decibels))
    assert played.decibels == 0
    assert commands.word(played.argument) == played.argument
    file = tmp_path / "sounds" / played.argument.removeprefix("/switch/sounds/")
    assert samples_of(file) == samples


def test_a_recording_of_ours_too_and_once_only(sounds, helpers, tmp_path):
    write_wav(tmp_path / "r1.wav", [100])
    first = sounds.playbacks(Web("http://us/r1"), decibels=-3)
    assert samples_of(tmp_path / "sounds" / Path(only(first).argument).name) == [71]
    helpers.failure = HelperError("it is not asked again")
    assert sounds.playbacks(Web("http://us/r1"), decibels=-3) == first
    write_wav(tmp_path / "r1.wav", [100, 100])
    assert sounds.playbacks(Web("http://us/r1"), decibels=-3) != first


@pytest.mark.parametrize("name", ["a.mp3", "none.wav", "8bit.wav"])
def test_where_it_cannot_be_exact_the_switch_does_what_it_can(sounds, tmp_path, name):
    write_wav(tmp_path / "sounds" / "8bit.wav", [0], width=1)
    for other in ("a.mp3", "none.wav"):
        (tmp_path / "sounds" / other).write_bytes(b"ID3")
    played = only(sounds.playbacks(Web(f"http://h/{name}"), decibels=-3))
    assert played == Playback("playback", f"/switch/sounds/{name}", -3)


def test_a_helper_that_fails_leaves_it_to_the_switch(sounds, helpers, tmp_path):
    write_wav(tmp_path / "sounds" / "a.wav", [1])
    helpers.failure = HelperError("too slow")
    assert only(sounds.playbacks(Web("http://h/a.wav"), decibels=4)).decibels == 4


def test_volume_of_what_the_switch_makes(sounds):
    assert only(sounds.playbacks(Say("x"), decibels=-3)).decibels == -3
    streams = [only(sounds.playbacks(Ring("us"), decibels=decibels)) for decibels in (-3.5, 9, -60)]
    assert [stream.argument.partition("%")[0] for stream in streams] == [
        "tone_stream://v=-10.5;",
        "tone_stream://v=0;",
        "tone_stream://v=-63;",
    ]
    assert {stream.decibels for stream in streams} == {0}
    assert only(sounds.playbacks(Silence(1), decibels=5)).decibels == 0


# -- an own renderer -----------------------------------------------------------------------------

OWN = Wish("own", "de-DE", "female")


def rendered(text: str, voice: str, language: str, gender: str, path: str) -> None:
    """A renderer that "speaks" what it was asked for."""
    Path(path).write_text(f"{text}/{voice}/{language}/{gender}")


def file_of(tmp_path: Path, playback: Playback) -> Path:
    assert commands.word(playback.argument) == playback.argument
    return tmp_path / "sounds" / playback.argument.removeprefix("/switch/sounds/")


def test_a_function_renders_once(tmp_path, kept, helpers):
    sounds = make(tmp_path, kept, helpers, function=f"{__name__}:rendered")
    played = only(sounds.playbacks(Say("Grüezi, ${x}"), wish=OWN))
    assert file_of(tmp_path, played).read_text() == "Grüezi, ${x}/v1/de-DE/female"
    helpers.failure = HelperError("not again")
    assert only(sounds.playbacks(Say("Grüezi, ${x}"), wish=OWN)) == played
    with pytest.raises(NotPlayable, match="cannot be spoken"):
        sounds.playbacks(Say("something else"), wish=OWN)


SHELL = ("sh", "-c", 'cat - >"$1"; printf "/%s/%s" "$2" "$3" >>"$1"', "sh", "{file}")


def test_a_program_renders_and_no_shell_sees_the_text(tmp_path, kept):
    sounds = make(tmp_path, kept, command=(*SHELL, "{voice}", "{text}"))
    played = only(sounds.playbacks(Say("-x `id` {file}"), wish=OWN))
    assert file_of(tmp_path, played).read_text() == "-x `id` {file}/v1/ -x `id` {file}"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("false",), "ended with 1"),
        (("sh", "-c", "echo no such voice >&2; exit 2"), "no such voice"),
        (("true",), "wrote no file"),
        (("/no/such/program",), "No such file"),
        (("sleep", "60"), "takes too long"),
        ((), "speech.render is not set"),
    ],
)
def test_a_program_that_fails_is_no_sound_and_leaves_nothing(tmp_path, kept, command, reason):
    sounds = make(tmp_path, kept, command=command, seconds=0.3)
    with pytest.raises(NotPlayable, match=reason):
        sounds.playbacks(Say("x"), wish=OWN)
    assert list((tmp_path / "sounds").iterdir()) == []
