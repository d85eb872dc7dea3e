"""From a sound to an application and its argument; nothing of a URL reaches the switch."""

import contextlib
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from adapter.freeswitch import commands
from adapter.sounds import library
from adapter.sounds.library import Playback, SoundLibrary
from adapter.sounds.playable import NotPlayable, Ring, Say, Silence, Web


class Answer:
    def __init__(self, body: bytes = b"RIFF", content_type: str = "", status: int = 200) -> None:
        self.headers = {"Content-Type": content_type} if content_type else {}
        self.body = body
        self.status = status

    def raise_for_status(self) -> None:
        if self.status >= 400:
            raise requests.HTTPError(f"{self.status} for url")

    def iter_content(self, size: int):
        for start in range(0, len(self.body), size):
            yield self.body[start : start + size]


class FakeSession:
    """A session whose answers are set by the test; keeps what was asked."""

    def __init__(self) -> None:
        self.answer: Answer | Exception = Answer()
        self.asked: list[str] = []

    def get(self, url, *, stream, timeout, proxies):
        assert stream
        assert timeout
        self.asked.append(url)
        if isinstance(self.answer, Exception):
            raise self.answer
        return contextlib.nullcontext(self.answer)


@pytest.fixture
def web() -> FakeSession:
    return FakeSession()


@pytest.fixture
def sounds(tmp_path: Path, web) -> SoundLibrary:
    return SoundLibrary(
        tmp_path,
        "/switch",
        session=web,
        own_recording={"http://us/r1": "/switch/r1.wav"}.get,
        engine="flite",
        voice="kal",
    )


def only(playbacks) -> Playback:
    (playback,) = playbacks
    return playback


@pytest.mark.parametrize(
    ("sound", "playbacks"),
    [
        (Say("Hello | ${world}"), [Playback("speak", "flite|kal|Hello   $ {world}")]),
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
def test_playbacks(sounds, web, sound, playbacks):
    assert list(sounds.playbacks(sound)) == playbacks
    assert web.asked == []


def test_another_voice(sounds):
    assert only(sounds.playbacks(Say("x"), voice="slt")).argument == "flite|slt|x"


@given(st.text())
def test_every_text_makes_one_harmless_command(text):
    sounds = SoundLibrary(
        Path("/x"), "/s", session=None, own_recording=lambda _: None, engine="flite", voice="kal"
    )
    said = only(sounds.playbacks(Say(text)))
    assert said.argument.count("|") == 2
    assert commands.execute(said.application, said.argument, event_uuid="u").count(b"\n\n") == 1


# -- from the web --------------------------------------------------------------------------------


def test_fetched_sound_is_kept_where_the_switch_finds_it(sounds, web, tmp_path):
    web.answer = Answer(b"x" * 200_000, "audio/mpeg; charset=x")
    path = only(sounds.playbacks(Web("http://user:word@h/${system(x)} a.wav"))).argument
    folder, _, name = path.rpartition("/")
    assert folder == "/switch/sounds"
    assert commands.word(path) == path
    assert "system" not in path
    assert "word" not in path
    assert (tmp_path / "sounds" / name).read_bytes() == web.answer.body
    assert [each.name for each in (tmp_path / "sounds").iterdir()] == [name]


@pytest.mark.parametrize(
    ("url", "content_type", "suffix"),
    [
        ("http://h/a.mp3", "", ".mp3"),
        ("http://h/a.MP3?x=.wav", "application/octet-stream", ".mp3"),
        ("http://h/a.wav", "audio/mpeg", ".mp3"),
        ("http://h/a", "AUDIO/X-WAV", ".wav"),
        ("http://h/a", "audio/ogg; codecs=opus", ".ogg"),
        ("http://h/a.php", "text/html", ".wav"),
        ("http://h/a.wav/..;rm", "", ".wav"),
    ],
)
def test_suffix_tells_the_switch_the_format(sounds, web, url, content_type, suffix):
    web.answer = Answer(content_type=content_type)
    name = only(sounds.playbacks(Web(url))).argument.rpartition("/")[2]
    assert Path(name).suffix == suffix
    assert len(name) == 32 + len(suffix)


def test_two_addresses_are_two_files(sounds):
    names = {only(sounds.playbacks(Web(f"http://h/{n}"))).argument for n in range(3)}
    assert len(names) == 3


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404),
        requests.ConnectionError("refused"),
        requests.Timeout("slow"),
        OSError("disk full"),
    ],
)
def test_sound_that_cannot_be_had(sounds, web, answer, tmp_path):
    web.answer = answer
    with pytest.raises(NotPlayable, match="cannot be fetched"):
        sounds.playbacks(Web("http://h/a.wav"))
    assert not list(tmp_path.glob("sounds/*"))


def test_sound_over_the_limit_leaves_nothing_behind(sounds, web, tmp_path, monkeypatch):
    monkeypatch.setattr(library, "MAX_SOUND_BYTES", 100_000)
    web.answer = Answer(b"x" * 100_001)
    with pytest.raises(NotPlayable, match="longer than 100000 bytes"):
        sounds.playbacks(Web("http://h/a.wav"))
    assert not list(tmp_path.glob("sounds/*"))
