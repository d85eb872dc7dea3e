"""Where somebody speaks, frame by frame."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.speech.activity import FRAME, RATE, Activity, Frames


def said(*parts: tuple[float, int]) -> array:
    """(seconds, amplitude) one after the other."""
    samples = array("h")
    for seconds, amplitude in parts:
        samples += array("h", [amplitude, -amplitude]) * round(seconds * RATE / 2)
    return samples


@pytest.mark.parametrize(
    ("parts", "spoke", "silence"),
    [
        ([(1, 1000)], True, 0),
        ([(3, 0), (0.1, 200), (0.1, 0)], True, 0.1),
        ([(3, 199)], False, 3),
        ([(1, 0), (0.08, 9000), (1, 0)], False, 1),
        ([(0.06, 9000), (0.2, 0), (0.06, 9000)], True, 0),
        ([(0.06, 9000), (0.4, 0), (0.06, 9000)], False, 0),
        ([(1, 1000), (5, 0)], True, 5),
        ([], False, 0),
    ],
)
def test_who_has_spoken_and_is_silent_since(parts, spoke, silence):
    activity = Activity()
    for frame in Frames().cut(said(*parts)):
        activity.hear(frame)
    assert (activity.spoke, activity.silence) == (spoke, pytest.approx(silence))


@given(st.lists(st.integers(0, 3 * FRAME), max_size=20))
def test_pieces_of_any_size_give_the_same_frames(sizes):
    samples = array("h", (at % 1000 for at in range(sum(sizes))))
    frames, at, found = Frames(), 0, []
    for size in sizes:
        found += frames.cut(samples[at : at + size])
        at += size
    assert found == [
        samples[start : start + FRAME] for start in range(0, len(samples) - FRAME + 1, FRAME)
    ]
