"""input_sensitivity: at which level a tone counts as speech, in mono and in stereo.

The party says a tone that fades. A recording with an end_silence_timeout ends so long after the
tone sank below its threshold, so that the file's end tells the threshold.
"""

import math
from collections.abc import Callable
from typing import Any

import pytest
from worlds.sounds import PEAK, tone
from worlds.steps import SETTLED, record, sleep
from worlds.world import World

SENSITIVITIES = (24, 34, 44, 54, 64)
END_SILENCE = 0.4
FADE_STEP, FADE_DECIBELS, FADE_STEPS = 0.12, 2.0, 24
FULL_SCALE = 32768
HALF_STEP = FADE_DECIBELS / 2

FADE = [
    tone(440, seconds=FADE_STEP, peak=PEAK / 2 * 10 ** (-FADE_DECIBELS * step / 20))
    for step in range(FADE_STEPS)
]


def test_a_larger_value_hears_a_fainter_tone(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    inbox = world.inbox()
    names = {(value, stereo): f"{value} {stereo}" for value in SENSITIVITIES for stereo in (0, 1)}
    world.run(
        [
            *SETTLED,
            *(
                record(
                    inbox,
                    name,
                    direction="speak",
                    stereo=bool(stereo),
                    input_sensitivity=value,
                    end_silence_timeout=END_SILENCE,
                )
                for (value, stereo), name in names.items()
            ),
            sleep(FADE_STEP * FADE_STEPS + END_SILENCE),
        ],
        says=FADE,
    )
    thresholds = {
        key: _last_level(world, inbox.wait_for("finished", control_id=name))
        for key, name in names.items()
    }
    for (value, stereo), level in thresholds.items():
        record_property(f"{value} {'stereo' if stereo else 'mono'}", f"{level:.1f} dBFS")
    late = world.late / FADE_STEP * FADE_DECIBELS  # so far the fade has gone on meanwhile
    for stereo in (0, 1):
        levels = [thresholds[value, stereo] for value in SENSITIVITIES]
        assert levels == sorted(levels, reverse=True), "a larger value hears fainter sound"
        assert levels[0] - levels[-1] == pytest.approx(20, abs=3 + late)
    for value in SENSITIVITIES:
        difference = thresholds[value, 0] - thresholds[value, 1]
        assert abs(difference) <= FADE_DECIBELS + 0.5 + late, "the layout does not matter"
    assert thresholds[44, 0] == pytest.approx(-41, abs=4 + late)


def _last_level(world: World, finished: dict[str, Any]) -> float:
    """Level of the tone when it was heard for the last time, as dBFS of its peak."""
    recording = world.listen_to(finished)
    last = recording.between(-END_SILENCE - 0.06, -END_SILENCE - 0.02)
    return 20 * math.log10(max(last.rms() * math.sqrt(2), 1) / FULL_SCALE) - HALF_STEP
