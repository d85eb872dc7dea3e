"""SWML's playable sounds, and the ringing tones of the world."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapter.sounds.playable import MAX_SECONDS, NotPlayable, Ring, Say, Silence, Web, parse
from adapter.sounds.rings import RINGS, tone_streams


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("say:Hello", Say("Hello")),
        ("say: Hello: world ", Say("Hello: world")),
        ("SAY:x", Say("x")),
        ("say:http://h", Say("http://h")),
        ("silence:10", Silence(10)),
        ("silence: 0.5", Silence(0.5)),
        ("silence:0", Silence(0)),
        (f"silence:{MAX_SECONDS:.0f}", Silence(MAX_SECONDS)),
        ("ring:us", Ring("us")),
        ("ring:US-OLD", Ring("us-old")),
        ("ring:5:uk", Ring("uk", 5)),
        ("ring:0.25:us-old", Ring("us-old", 0.25)),
        ("ring:0.3:bong", Ring("bong", 0.3)),
        ("http://h/a.wav", Web("http://h/a.wav")),
        (" HTTPS://h/a%20b.mp3?x=1#y ", Web("HTTPS://h/a%20b.mp3?x=1#y")),
        ("https://user:word@h/a.wav", Web("https://user:word@h/a.wav")),
        ("user:word@https://h/a.wav", Web("https://user:word@h/a.wav")),
    ],
)
def test_parse(text, sound):
    assert parse(text) == sound


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("", "is no sound"),
        ("hello", "is no sound"),
        ("say:", "is no sound"),
        ("say: ", "is no sound"),
        ("http:h", "is no sound"),
        ("ftp://h/a.wav", "is no sound"),
        ("file:///etc/passwd", "is no sound"),
        ("tone_stream://%(1,1,1)", "is no sound"),
        ("a b:c@https://h", "is no sound"),
        ("silence:", "no number"),
        ("silence:soon", "no number"),
        ("silence:-1", "not between"),
        ("silence:nan", "not between"),
        ("silence:inf", "not between"),
        ("silence:14401", "not between"),
        ("ring:", "no country"),
        ("ring:xx", "no country"),
        ("ring:us:5", "no country"),
        ("ring:-5:us", "no country"),
        ("ring:14401:us", "longer than"),
        (f"ring:{'9' * 400}:us", "longer than"),
    ],
)
def test_not_playable(text, help_):
    with pytest.raises(NotPlayable, match=help_):
        parse(text)


@given(st.text() | st.text().map("ring:".__add__) | st.text().map("silence:".__add__))
@example("ring:\u0665:us")
@example("silence:1_0")
def test_any_text_is_a_sound_or_not_playable(text):
    try:
        sound = parse(text)
    except NotPlayable:
        return
    match sound:
        case Silence(seconds) | Ring(_, float(seconds)):
            assert 0 <= seconds <= MAX_SECONDS


# -- ringing tones -------------------------------------------------------------------------------


def bursts(stream: str) -> list[tuple[int, int, str]]:
    """What mod_tone_stream plays: (on, off, frequencies), repeated `loops` times."""
    spec, _, loops = stream.removeprefix("tone_stream://").partition(";loops=")
    found = re.findall(r"%\((\d+),(\d+),([\d,]+)\)", spec)
    assert ";".join(f"%({on},{off},{hertz})" for on, off, hertz in found) == spec
    return [(int(on), int(off), hertz) for on, off, hertz in found] * int(loops or 1)


def milliseconds(streams: tuple[str, ...]) -> int:
    return sum(on + off for stream in streams for on, off, _ in bursts(stream))


@given(st.sampled_from(sorted(RINGS)), st.floats(0, 40) | st.just(MAX_SECONDS))
@example("us", 0.001)
def test_tone_lasts_exactly_as_long_as_asked(country, seconds):
    assert milliseconds(tone_streams(country, seconds)) == round(seconds * 1000)


@pytest.mark.parametrize("country", RINGS)
def test_tone_is_the_countrys_cadence_cut_off(country):
    cycle = [(on, off, ",".join(map(str, hertz))) for on, off, hertz in RINGS[country]]
    assert bursts(*tone_streams(country, None)) == cycle
    period = sum(on + off for on, off, _ in cycle)
    played = [b for stream in tone_streams(country, period * 2.5 / 1000) for b in bursts(stream)]
    whole = 2 * len(cycle)
    assert played[:whole] == cycle * 2
    for (on, off, hertz), (full_on, full_off, full_hertz) in zip(
        played[whole:], cycle, strict=False
    ):
        assert on <= full_on
        assert off <= full_off
        assert hertz == full_hertz
        assert not off or on == full_on


def test_no_time_is_no_tone():
    assert tone_streams("us", 0) == ()


def test_every_tone_is_audible_and_pauses():
    for country, cadence in RINGS.items():
        if country == "bong":  # no ringing: a key and a dial tone, without a pause
            continue
        assert all(on > 0 and off > 0 and 300 <= min(hertz) <= 500 for on, off, hertz in cadence), (
            country
        )
