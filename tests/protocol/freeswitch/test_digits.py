"""Digits of a call, kept until they are asked for."""

import gevent
import pytest
from scripted_switch import (
    UUID,
    Hangs,
    api_response,
    completed,
    event,
    hangup_event,
    promptly,
    reply,
    until,
)
from subjects import executing

from adapter.freeswitch.digits import TYPED_AHEAD, Digits
from adapter.freeswitch.errors import CallGone, ConnectionLost


def press(switch, digits: str) -> None:
    switch.send(*(event("DTMF", DTMF_Digit=digit) for digit in digits))


def test_typed_ahead_in_order(taken):
    call, switch = taken
    digits = Digits(call)
    press(switch, "12#")
    until(lambda: digits.waiting)
    assert [promptly(digits.take, 5) for _ in range(3)] == ["1", "2", "#"]
    assert not digits.waiting


def test_waited_for(taken):
    call, switch = taken
    digits = Digits(call)
    taking = gevent.spawn(digits.take, 5)
    gevent.sleep(0)
    press(switch, "*")
    assert promptly(taking.get) == "*"


def test_none_in_time(taken):
    assert promptly(Digits(taken[0]).take, 0.01) is None


def test_the_oldest_are_forgotten(taken):
    call, switch = taken
    digits = Digits(call)
    heard = []
    call.on("DTMF", heard.append)
    press(switch, "1" + "2" * TYPED_AHEAD)
    until(lambda: len(heard) == TYPED_AHEAD + 1)
    assert {promptly(digits.take, 5) for _ in range(TYPED_AHEAD)} == {"2"}
    assert not digits.waiting


@pytest.mark.parametrize("ended", ["hangup", "lost"])
@pytest.mark.parametrize("before", [True, False])
def test_the_end_of_the_call_is_not_waited_out(taken, ended, before):
    call, switch = taken
    digits = Digits(call)
    taking = None if before else gevent.spawn(digits.take, 60)
    gevent.sleep(0)
    if ended == "hangup":
        switch.send(hangup_event())
    else:
        switch.close()
    until(lambda: call.gone)
    with pytest.raises(ConnectionLost if ended == "lost" else CallGone):
        promptly(taking.get if taking else lambda: digits.take(60))


def test_a_digit_cuts_off_what_plays_only_while_it_may(taken):
    call, switch = taken
    digits = Digits(call)
    with digits.interrupting() as pressed:
        playing, event_uuid = executing(call, switch, until=pressed)
        press(switch, "1")
        assert switch.expect("api", api_response()) == f"api uuid_break {UUID}"
        switch.send(completed(event_uuid))
        assert promptly(playing.get)
    press(switch, "2")
    assert promptly(digits.take, 5) == "1"
    assert promptly(digits.take, 5) == "2"
    asking = gevent.spawn(call.api, b"api next\n\n")
    assert switch.expect("api", api_response()) == "api next"
    promptly(asking.get)


def test_a_digit_cuts_off_nothing_before_it_has_begun(taken):
    """The switch would forget what it is to play, and we would wait for its end for ever."""
    call, switch = taken
    digits = Digits(call)
    with digits.interrupting() as pressed:
        playing = gevent.spawn(call.execute, "playback", "/long.wav", until=pressed)
        sent = switch.command()
        press(switch, "1")
        until(lambda: digits.waiting)
        with pytest.raises(Hangs):
            switch.command(within=0.03)
        switch.send(reply("+OK"))
        assert switch.expect("api", api_response()) == f"api uuid_break {UUID}"
        switch.send(completed(sent.partition("Event-UUID: ")[2].partition("\n")[0]))
        assert promptly(playing.get)
