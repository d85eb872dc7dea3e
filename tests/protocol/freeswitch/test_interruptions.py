"""A script is called away from its waits; what it had begun on the switch is cut off."""

import gevent
import pytest
from gevent.event import AsyncResult
from gevent.event import Event as Flag
from scripted_switch import Hangs, api_response, completed, hangup_event, promptly, reply, until
from subjects import executing

from adapter.freeswitch.errors import CallGone, Interrupted
from adapter.freeswitch.interruptions import Interruptible


def conducting(it, work):
    """A greenlet that conducts the call while it does something."""

    def run():
        with it.conducted():
            return work()

    greenlet = gevent.spawn(run)
    gevent.sleep(0)
    return greenlet


def outcome(greenlet):
    """What it returned, or the name of what it raised."""
    try:
        return promptly(greenlet.get)
    except Interrupted:
        return "interrupted"


def test_a_wait_is_interrupted():
    it, never = Interruptible(), Flag()
    script = conducting(it, lambda: it.wait(never))
    it.interrupt()
    assert outcome(script) == "interrupted"


def test_an_interruption_between_two_waits_is_met_by_the_next():
    it, never, go = Interruptible(), Flag(), Flag()

    def work():
        go.wait()
        it.wait(never)

    script = conducting(it, work)
    it.interrupt()
    gevent.sleep(0)
    assert not script.ready()
    go.set()
    assert outcome(script) == "interrupted"


def test_what_was_met_in_another_way_interrupts_nobody():
    it, go = Interruptible(), Flag()

    def work():
        go.wait()
        it.calm_down()
        return it.wait(Flag(), timeout=0.01)

    script = conducting(it, work)
    it.interrupt()
    go.set()
    assert outcome(script) is False


def test_it_is_raised_once():
    it, never = Interruptible(), Flag()

    def work():
        for _ in range(2):
            try:
                it.wait(never, timeout=0.01)
            except Interrupted:
                pass
            else:
                return "went on"
        return "twice"

    script = conducting(it, work)
    it.interrupt()
    assert outcome(script) == "went on"


def test_others_that_wait_for_the_call_are_left_alone():
    it, news = Interruptible(), Flag()
    other = gevent.spawn(it.wait, news)
    script = conducting(it, lambda: it.wait(news))
    it.interrupt()
    assert outcome(script) == "interrupted"
    news.set()
    assert outcome(other) is True


def test_what_has_come_in_the_same_moment_counts():
    it, news = Interruptible(), AsyncResult()
    script = conducting(it, lambda: it.wait(news) and news.get())
    news.set("here")
    it.interrupt()
    assert outcome(script) in ("here", "interrupted")
    again = conducting(it, lambda: it.wait(Flag(), timeout=0.01))
    assert outcome(again) in (False, "interrupted")


@pytest.mark.parametrize("first", ["awaited", "until"])
def test_a_wait_for_one_of_two(first):
    it, flags = Interruptible(), {"awaited": Flag(), "until": Flag()}
    script = conducting(it, lambda: it.wait(flags["awaited"], until=flags["until"]))
    flags[first].set()
    assert outcome(script) is True


def test_a_wait_has_an_end():
    it = Interruptible()
    assert it.wait(Flag(), timeout=0.01) is False
    assert it.wait(Flag(), timeout=0.01, until=Flag()) is False


def test_an_application_is_cut_off_by_an_interruption(taken):
    call, switch = taken
    script = conducting(call, lambda: call.execute("playback", "/long.wav"))
    event_uuid = switch.executed()
    call.interrupt()
    assert outcome(script) == "interrupted"
    assert switch.commands(1) == ["api uuid_break " + call.uuid]
    switch.send(api_response(), completed(event_uuid))
    with pytest.raises(Hangs):
        switch.command(within=1.2)


def test_an_application_is_cut_off_once_somebody_says_so(taken):
    call, switch = taken
    enough = Flag()
    playing, event_uuid = executing(call, switch, until=enough)
    enough.set()
    assert switch.commands(1) == ["api uuid_break " + call.uuid]
    switch.send(api_response(), completed(event_uuid))
    assert promptly(playing.get).get("Application") == "playback"


def test_what_did_not_hear_that_it_was_cut_off_is_cut_off_again(taken):
    call, switch = taken
    enough = Flag()
    playing, event_uuid = executing(call, switch, until=enough)
    enough.set()
    for _ in range(2):
        assert switch.commands(1) == ["api uuid_break " + call.uuid]
        switch.send(api_response())
    switch.send(completed(event_uuid))
    assert promptly(playing.get)


def test_an_interrupted_application_of_a_call_that_ends(taken):
    call, switch = taken
    script = conducting(call, lambda: call.execute("playback", "/long.wav"))
    switch.executed()
    call.interrupt()
    assert outcome(script) == "interrupted"
    assert switch.commands(1)
    switch.send(reply("-ERR no such channel"), hangup_event())
    until(lambda: call.gone)
    with pytest.raises(CallGone):
        promptly(call.execute, "playback", "x")
