"""Eight recordings of one call at once, with different settings: each has its own time, exactly.

The party says a tone that climbs step by step, with a silence in it: each piece of a recording
tells when it was said, so that the recordings can be laid on one another.
"""

from typing import Any

from worlds.audio import AUDIBLE, Audio
from worlds.sounds import silence, tone
from worlds.steps import SETTLED, record, sleep, stop
from worlds.world import World

STEP = 0.1
TONES = list(range(400, 3600, 80))
"""One tone for each step of the party's pattern."""

MUTE = range(14, 18)
"""Steps in which the party says nothing."""

PATTERN = [silence(STEP) if i in MUTE else tone(hz, seconds=STEP) for i, hz in enumerate(TONES)]

STAGGER, TOGETHER = 0.15, 0.4
SETTINGS: dict[str, dict[str, Any]] = {
    "speak": {"direction": "speak"},
    "speak stereo": {"direction": "speak", "stereo": True},
    "both": {"direction": "both"},
    "both stereo": {"direction": "both", "stereo": True},
    "listen": {"direction": "listen"},
    "listen stereo": {"direction": "listen", "stereo": True},
    "timed": {"direction": "speak", "end_silence_timeout": 20, "terminators": "#"},
    "mp3": {"direction": "both", "format": "mp3"},
}
STOP_ORDER = ["timed", "listen", "both stereo", "mp3", "speak", "both", "listen stereo"]
"""The last one, `speak stereo`, is ended by the script's end."""

WITH_PARTY = ("speak", "speak stereo", "both", "both stereo", "timed")


def test_eight_recordings_lie_on_one_another(world: World) -> None:
    inbox = world.inbox()
    steps = list(SETTLED)
    for name, settings in SETTINGS.items():
        steps += [record(inbox, name, **settings), sleep(STAGGER)]
    steps.append(sleep(TOGETHER))
    for name in STOP_ORDER:
        steps += [stop(name), sleep(STAGGER)]
    world.run(steps, says=PATTERN)

    first = inbox.wait_told("speak", "recording")
    offsets = {}
    for name in SETTINGS:
        finished = inbox.wait_for("finished", control_id=name)
        started, ended = inbox.wait_told(name, "recording"), inbox.wait_told(name, "finished")
        # By the receiver's clock and by the adapter's: a busy machine delays either.
        lengths = (ended - started, finished["end_time"] - finished["start_time"])
        error = min(abs(finished["duration"] - length) for length in lengths)
        assert error < 0.1, (name, finished["duration"], lengths)
        if name == "mp3":
            continue
        recording = world.listen_to(finished)
        if name in WITH_PARTY:
            offsets[name] = _pattern_offset(recording, name) - (started - first)
        else:
            assert all(recording.rms(channel) < AUDIBLE for channel in range(recording.channels))
    assert max(offsets.values()) - min(offsets.values()) < 0.1, offsets


def _pattern_offset(recording: Audio, name: str) -> float:
    """When the recording began, in the party's time; the same wherever one looks in it."""
    found = recording.tones(TONES)
    assert None in found, f"{name}: the party's silence is in it"
    said = [
        (TONES.index(hz) * STEP, frame * 0.02) for frame, hz in enumerate(found) if hz is not None
    ]
    offsets = [pattern - at for pattern, at in said]
    # Within a step of the pattern the file's time runs on: the offset falls by one step's length.
    assert max(offsets) - min(offsets) < STEP + 0.06, (name, offsets)
    return sum(offsets) / len(offsets)
