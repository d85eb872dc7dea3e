"""Pauses: what they leave out of a recording, and what the switch is told."""

import pytest

from adapter.freeswitch.errors import CommandFailed
from adapter.recording.options import Options
from adapter.recording.pauses import Behavior, Pauses
from adapter.recording.pausing import Pausing

SKIP, SILENCE = Behavior.SKIP, Behavior.SILENCE


@pytest.mark.parametrize(
    ("story", "now", "seconds"),
    [
        ([], 110, 10),
        ([(SKIP, 102), (None, 105)], 110, 7),
        ([(SKIP, 102)], 110, 2),
        ([(SILENCE, 102), (None, 105)], 110, 10),
        ([(SILENCE, 102)], 110, 10),
        ([(SKIP, 102), (None, 103), (SKIP, 104), (None, 106)], 110, 7),
        ([(SKIP, 102), (SILENCE, 104), (None, 105)], 110, 8),
        ([(SILENCE, 102), (SKIP, 104), (None, 105)], 110, 9),
        ([(None, 102)], 110, 10),
        ([(SKIP, 102), (None, 101)], 110, 10),
    ],
    ids=repr,
)
def test_how_much_of_the_call_is_recorded(story, now, seconds):
    pauses = Pauses()
    for behavior, moment in story:
        pauses = pauses.begin(behavior, moment) if behavior else pauses.end(moment)
    assert pauses.recorded(100, now) == seconds
    assert Pauses.noted_in(pauses.noted({})) == pauses


def test_pauses_are_kept_with_the_options_and_leave_them_alone():
    options = Options("c", format="mp3").as_dict()
    assert Pauses().noted(options) is options
    noted = Pauses().begin(SILENCE, 7.0).noted(options)
    assert Options.from_dict(noted) == Options("c", format="mp3")
    assert Pauses.noted_in(noted) == Pauses(SILENCE, since=7.0)
    assert Pauses.noted_in(options) == Pauses()


@pytest.fixture
def sent():
    return []


def pausing(sent, pauses=None):
    return Pausing(sent.append, pauses or Pauses(), lambda: 100.0)


def test_the_switch_is_told_each_change_once(sent):
    it = pausing(sent)
    done = [it.begin(SKIP), it.begin(SKIP), it.end(), it.end(), it.begin(SILENCE), it.end()]
    assert done == [True, False, True, False, True, True]
    assert sent == ["pause", "resume", "mask", "unmask"]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [(SKIP, SILENCE, ["mask", "resume"]), (SILENCE, SKIP, ["pause", "unmask"])],
)
def test_from_one_manner_to_the_other_nothing_is_heard(sent, first, second, told):
    it = pausing(sent, Pauses(first, since=90.0))
    assert it.begin(second)
    assert sent == told
    assert it.pauses.behavior is second


def test_what_the_switch_refuses_has_not_happened():
    def refuse(action):
        raise CommandFailed("uuid_record", "Cannot pause recording session!")

    it = Pausing(refuse, Pauses(), lambda: 100.0)
    with pytest.raises(CommandFailed):
        it.begin(SKIP)
    assert it.pauses == Pauses()


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (Pauses(), ["resume", "unmask"]),
        (Pauses(SKIP, since=1), ["pause", "unmask"]),
        (Pauses(SILENCE, since=1), ["resume", "mask"]),
    ],
)
def test_what_was_stored_is_what_the_switch_does_after_a_crash(sent, stored, told):
    pausing(sent, stored).restore()
    assert sent == told
