"""Sounds from the web: fetched once, asked for again in the cheapest way, never half."""

import contextlib
import os
import time
from pathlib import Path

import gevent
import pytest
import requests
from gevent.event import Event as Flag

from adapter.sounds import kept as kept_module
from adapter.sounds.kept import KeptSounds
from adapter.sounds.playable import NotPlayable


class Answer:
    def __init__(self, body: bytes = b"RIFF", status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.headers = requests.structures.CaseInsensitiveDict(named)
        self.body = body
        self.status_code = status

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise requests.HTTPError(f"{self.status_code} for url", response=self)

    def __bool__(self) -> bool:
        return self.status_code < 400

    def iter_content(self, size: int):
        for start in range(0, len(self.body), size):
            yield self.body[start : start + size]


class FakeSession:
    """A session whose answers are set by the test; keeps what was asked."""

    def __init__(self) -> None:
        self.answer: Answer | Exception = Answer()
        self.asked: list[dict[str, str]] = []
        self.goes_on = Flag()
        self.goes_on.set()

    def get(self, url, *, stream, timeout, proxies, headers):
        assert stream
        assert timeout
        self.asked.append(headers)
        self.goes_on.wait(5)
        if isinstance(self.answer, Exception):
            raise self.answer
        return contextlib.nullcontext(self.answer)


@pytest.fixture
def web() -> FakeSession:
    return FakeSession()


@pytest.fixture
def sounds(tmp_path: Path, web) -> KeptSounds:
    return KeptSounds(tmp_path / "sounds", web, max_bytes=1000)


URL = "http://user:word@h/${system(x)} a.wav"


def test_it_is_kept_under_a_name_that_says_nothing(sounds, web, tmp_path):
    web.answer = Answer(b"x" * 200_000, Content_Type="audio/mpeg; charset=x")
    name = sounds.get(URL)
    assert name.endswith(".mp3")
    assert not {"system", "word"} & set(name.split())
    assert (tmp_path / "sounds" / name).read_bytes() == web.answer.body
    assert {file.suffix for file in (tmp_path / "sounds").iterdir()} == {".mp3", ".json"}


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
    web.answer = Answer(Content_Type=content_type)
    name = sounds.get(url)
    assert Path(name).suffix == suffix
    assert len(name) == 32 + len(suffix)


def test_two_addresses_are_two_files(sounds):
    assert len({sounds.get(f"http://h/{n}") for n in range(3)}) == 3


@pytest.mark.parametrize(
    ("cache_control", "asked"),
    [
        ("max-age=60", 1),
        ("private, max-age=60", 1),
        ("max-age=0", 2),
        ("", 2),
        ("no-cache, max-age=60", 2),
        ("no-store", 2),
        ("max-age=soon", 2),
    ],
)
def test_it_is_asked_for_again_when_its_time_is_over(sounds, web, cache_control, asked):
    web.answer = Answer(Cache_Control=cache_control)
    assert sounds.get(URL) == sounds.get(URL)
    assert len(web.asked) == asked


def test_an_unchanged_one_is_not_sent_again(sounds, web, tmp_path):
    web.answer = Answer(b"old", ETag='"v1"', Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT")
    name = sounds.get(URL)
    web.answer = Answer(b"", status=304, Cache_Control="max-age=60")
    assert sounds.get(URL) == name
    assert web.asked[1] == {
        "If-None-Match": '"v1"',
        "If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT",
    }
    assert (tmp_path / "sounds" / name).read_bytes() == b"old"
    sounds.get(URL)
    assert len(web.asked) == 2
    other = KeptSounds(tmp_path / "sounds", web, max_bytes=1000)
    assert other.get(URL) == name
    assert len(web.asked) == 2, "another process knows it too"


def test_a_changed_one_replaces_it(sounds, web, tmp_path):
    web.answer = Answer(b"old", ETag='"v1"')
    sounds.get(URL)
    web.answer = Answer(b"new", ETag='"v2"')
    assert (tmp_path / "sounds" / sounds.get(URL)).read_bytes() == b"new"


@pytest.mark.parametrize("failure", [requests.ConnectionError("refused"), Answer(status=503)])
def test_what_was_kept_is_played_when_the_server_is_down(sounds, web, failure):
    name = sounds.get(URL)
    web.answer = failure
    assert sounds.get(URL) == name


@pytest.mark.parametrize(
    ("cache_control", "failure"),
    [
        ("must-revalidate", requests.ConnectionError("refused")),
        ("no-store", Answer(status=503)),
        ("", Answer(status=404)),
        ("", Answer(status=401)),
    ],
)
def test_and_is_not_where_the_server_does_not_want_it(sounds, web, cache_control, failure):
    web.answer = Answer(Cache_Control=cache_control)
    sounds.get(URL)
    web.answer = failure
    with pytest.raises(NotPlayable, match="cannot be fetched"):
        sounds.get(URL)


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
    with pytest.raises(NotPlayable, match="cannot be fetched") as caught:
        sounds.get(URL)
    assert "word" not in str(caught.value)
    assert not list(tmp_path.glob("sounds/*"))


def test_sound_over_the_limit_leaves_nothing_behind(sounds, web, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_module, "MAX_SOUND_BYTES", 100_000)
    web.answer = Answer(b"x" * 100_001)
    with pytest.raises(NotPlayable, match="longer than 100000 bytes"):
        sounds.get(URL)
    assert not list(tmp_path.glob("sounds/*"))


def test_sound_that_comes_too_slowly_is_left_out(sounds, web, monkeypatch):
    monkeypatch.setattr(kept_module, "FETCH_SECONDS", 0)
    web.answer = Answer(b"x" * 10)
    with pytest.raises(NotPlayable, match="did not come"):
        sounds.get(URL)


def test_calls_that_want_it_at_once_share_one_fetch(sounds, web):
    web.goes_on.clear()
    wanted = [gevent.spawn(sounds.get, URL) for _ in range(5)]
    gevent.sleep(0)
    web.goes_on.set()
    assert len({one.get(timeout=5) for one in wanted}) == 1
    assert len(web.asked) == 1


def test_a_fetch_that_fails_fails_for_all_who_share_it(sounds, web):
    web.goes_on.clear()
    web.answer = Answer(status=500)
    wanted = [gevent.spawn(sounds.get, URL) for _ in range(3)]
    gevent.sleep(0)
    web.goes_on.set()
    for one in wanted:
        with pytest.raises(NotPlayable):
            one.get(timeout=5)


def test_a_full_folder_loses_what_nobody_wanted_for_longest(sounds, web, tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number, age in enumerate((9000, 8000, 10)):
        file = folder / f"{number}.wav"
        file.write_bytes(b"x" * 600)
        os.utime(file, (time.time() - age,) * 2)
    sounds.get(URL)
    assert {"1.wav", "2.wav"} & {file.name for file in folder.iterdir()} == {"2.wav"}
