"""What ends a recording of limited length when nobody lives to do so."""

from types import SimpleNamespace

import pytest

from adapter.freeswitch.errors import CallGone, CommandFailed
from adapter.recording.backstop import Backstop


def backstop(api, *, is_set=False):
    call = SimpleNamespace(uuid="call-1", api=api)
    return Backstop(call, "rec-1", "/recordings/rec-1.wav", is_set=is_set)


def sent(commands):
    return lambda command: commands.append(command.decode().removeprefix("api ").strip())


@pytest.mark.parametrize(("seconds", "later"), [(0, 2), (0.1, 3), (1, 3), (1.01, 4), (3600, 3602)])
def test_it_is_never_earlier_than_the_length(seconds, later):
    commands = []
    backstop(sent(commands)).keep(seconds)
    stop = "uuid_record call-1 stop /recordings/rec-1.wav"
    assert commands == [f"sched_api +{later} rec-1 {stop}"]


def test_it_is_moved_and_lifted():
    commands = []
    it = backstop(sent(commands))
    for seconds in (5, None, None, 3):
        it.keep(seconds)
    it.lift()
    it.lift()
    words = [command.split()[:3] for command in commands]
    assert [each[0] for each in words] == ["sched_api", "sched_del", "sched_api", "sched_del"]
    assert [each[1] for each in words] == ["+7", "rec-1", "+5", "rec-1"]


def test_what_another_process_set_is_lifted_first():
    commands = []
    backstop(sent(commands), is_set=True).keep(1)
    assert [command.split()[0] for command in commands] == ["sched_del", "sched_api"]


@pytest.mark.parametrize("error", [CallGone("hung up"), CommandFailed("sched_del", "no such id")])
def test_a_refusal_is_nothing_to_stop_for(error):
    def refuse(_command):
        raise error

    backstop(refuse, is_set=True).keep(1)
