"""Ringing tones of all countries, and the codec that a document asks for, heard on the wire."""

from collections import Counter

from worlds.sounds import tone
from worlds.steps import SETTLED, STAY, play
from worlds.waiting import eventually
from worlds.world import World

from adapter.sounds.rings import RINGS

SECONDS = 0.3
"""Of each country's tone: within the first burst of all of them but `bong`."""


def test_every_countrys_ring_is_heard(world: World) -> None:
    expected: Counter[tuple[int, ...]] = Counter()
    for bursts in RINGS.values():
        left = 1000 * SECONDS
        for on, off, hertz in bursts:
            expected[hertz] += max(0, min(on, left))
            left -= on + off
    phone = world.call([*SETTLED, play(*(f"ring:{SECONDS}:{country}" for country in RINGS))])
    phone.wait_ended(within=60)
    heard = phone.hear()
    assert heard.seconds_audible() > 0.9 * SECONDS * len(RINGS)
    for hertz, milliseconds in expected.items():
        assert heard.seconds_of(*hertz) >= 0.7 * milliseconds / 1000, hertz


def test_the_codec_that_was_asked_for(world: World) -> None:
    """A simulated switch has one codec: of it only the channel's wish is looked at."""
    sound = world.sound(tone(440, seconds=0.3))
    numbers = world.join([STAY], [{"answer": {"codecs": "PCMA"}}, play(sound)])
    ending = world.switch.wait_ending(numbers[1], within=20)
    assert ending["variable_absolute_codec_string"] == "PCMA"
    if world.switch.real:
        assert ending["variable_rtp_use_codec_name"] == "PCMA"
    eventually(lambda: world.switch.channels() == 0)
