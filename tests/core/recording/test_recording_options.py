"""A recording's parameters as the switch is told them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.recording.options import (
    DEFAULT_SENSITIVITY,
    Options,
    silence_threshold,
    switch_variables,
)

SENSITIVITY = st.floats(0, 100)


def variables(**options: object) -> dict[str, str]:
    return switch_variables("r1", Options(control_id="c1", **options))


ALWAYS = {"swml_recording_id": "r1", "swml_control_id": "c1", "RECORD_PRE_BUFFER_FRAMES": "0"}


@pytest.mark.parametrize(
    ("options", "added"),
    [
        ({}, {}),
        ({"stereo": True}, {"RECORD_STEREO": "true"}),
        ({"direction": "both"}, {}),
        ({"direction": "speak"}, {"RECORD_READ_ONLY": "true"}),
        ({"direction": "listen"}, {"RECORD_WRITE_ONLY": "true"}),
        (
            {"stereo": True, "direction": "speak"},
            {"RECORD_STEREO": "true", "RECORD_READ_ONLY": "true"},
        ),
        (
            {"initial_timeout": 1.5},
            {"RECORD_SILENCE_THRESHOLD": "200", "RECORD_INITIAL_TIMEOUT_MS": "1500"},
        ),
        (
            {"end_silence_timeout": 0.02},
            {"RECORD_SILENCE_THRESHOLD": "200", "RECORD_FINAL_TIMEOUT_MS": "20"},
        ),
        (
            {"initial_timeout": 2, "end_silence_timeout": 3, "stereo": True},
            {
                "RECORD_STEREO": "true",
                "RECORD_SILENCE_THRESHOLD": "100",
                "RECORD_INITIAL_TIMEOUT_MS": "2000",
                "RECORD_FINAL_TIMEOUT_MS": "3000",
            },
        ),
        ({"input_sensitivity": 90}, {}),
        ({"terminators": "#", "max_length": 5, "status_url": "http://h"}, {}),
    ],
)
def test_switch_variables(options, added):
    """A time-out of 0 is not sent at all: it would switch silence detection on."""
    assert variables(**options) == ALWAYS | added


def test_sensitivity_of_the_standard_is_the_switches_threshold():
    assert silence_threshold(DEFAULT_SENSITIVITY, stereo=False) == 200


@given(SENSITIVITY, SENSITIVITY, st.booleans())
def test_larger_is_more_sensitive(one, other, stereo):
    low, high = sorted((one, other))
    assert silence_threshold(low, stereo=stereo) >= silence_threshold(high, stereo=stereo) >= 1


def test_every_step_of_twelve_points_halves_the_threshold():
    assert silence_threshold(44 - 12.04, stereo=False) == pytest.approx(400, abs=1)
    assert silence_threshold(44 + 12.04, stereo=False) == pytest.approx(100, abs=1)


@given(SENSITIVITY)
def test_stereo_frames_are_averaged_over_two_channels(sensitivity):
    mono, stereo = (silence_threshold(sensitivity, stereo=stereo) for stereo in (False, True))
    assert abs(stereo - mono / 2) <= 1


@pytest.mark.parametrize(
    ("initial", "end", "listens"), [(0, 0, False), (1, 0, True), (0, 0.5, True), (1, 1, True)]
)
def test_listens_for_silence(initial, end, listens):
    options = Options(control_id="c", initial_timeout=initial, end_silence_timeout=end)
    assert options.listens_for_silence is listens


def test_options_are_json():
    options = Options(control_id="c", stereo=True, max_length=1.5)
    assert Options(**json.loads(json.dumps(options.as_dict()))) == options
