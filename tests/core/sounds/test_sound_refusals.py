"""What is said of a sound that the switch does not play."""

import pytest

from adapter.freeswitch.errors import CommandFailed
from adapter.sounds.library import Playback
from adapter.sounds.refusals import why_unplayed

SPOKEN = Playback("playback", "tts://flite|kal|hello")


class Switch:
    """A call on a switch with these modules; None: it does not say."""

    def __init__(self, loaded: tuple[str, ...] | None) -> None:
        self.loaded = loaded

    def api(self, *batch: bytes) -> str:
        if self.loaded is None:
            raise CommandFailed("module_exists", "no reply")
        return str(batch[0].split()[-1].decode() in self.loaded).lower()


@pytest.mark.parametrize(
    ("playback", "loaded", "said"),
    [
        (SPOKEN, (), "FreeSWITCH speaks with mod_flite, which is not loaded: say `load mod_flite`"),
        (SPOKEN, ("mod_flite",), "PLAYBACK ERROR: .* has it the voice kal?"),
        (SPOKEN, None, "PLAYBACK ERROR: "),
        (Playback("playback", "/r/a.mp3"), (), "plays mp3 with mod_shout, which is not loaded"),
        (Playback("playback", "/r/a.mp3"), ("mod_shout",), "may FreeSWITCH read /r/a.mp3?"),
        (Playback("playback", "/r/a.wav"), (), "PLAYBACK ERROR: is it a sound, and may FreeSWITCH"),
    ],
)
def test_it_says_what_to_do(playback, loaded, said):
    found = why_unplayed(Switch(loaded), playback, "PLAYBACK ERROR")
    for words in said.split(".*"):
        assert words in found, found
