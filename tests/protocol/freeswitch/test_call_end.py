"""How a call ends, whoever ends it, and who is told."""

import gevent
import pytest
from scripted_switch import (
    api_response,
    event,
    hangup_event,
    linger_notice,
    promptly,
    reply,
    until,
)
from subjects import executing, opened

from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import (
    CallGone,
    ConnectionLost,
    ReplyTimeout,
    WireError,
)

# -- the hangup ----------------------------------------------------------------------------------


def test_hangup_waits_until_the_switch_says_so(taken):
    call, switch = taken
    ending = gevent.spawn(call.hangup, "USER_BUSY")
    assert "hangup-cause: USER_BUSY" in switch.expect("sendmsg\ncall-command: hangup")
    gevent.sleep(0)
    assert not ending.ready()
    switch.send(hangup_event("USER_BUSY"))
    promptly(ending.get)
    assert call.hangup_cause == "USER_BUSY"
    assert not call.lost


def test_hangup_that_the_switch_does_not_confirm(link):
    sock, switch = link
    call = Call(sock, deadline=0.05)
    opened(call, switch)
    ending = gevent.spawn(call.hangup)
    switch.expect("sendmsg")
    with pytest.raises(ReplyTimeout, match="not hung up"):
        promptly(ending.get)
    call.close()


def test_hangup_of_an_ended_call_does_nothing(taken):
    call, switch = taken
    switch.send(hangup_event())
    until(lambda: call.gone)
    promptly(call.hangup)
    call.close()
    assert switch.ended()


@pytest.mark.parametrize(
    "answer",
    [
        [hangup_event("ORIGINATOR_CANCEL"), reply()],
        [hangup_event("ORIGINATOR_CANCEL"), reply("-ERR invalid session id")],
        [reply(), hangup_event("ORIGINATOR_CANCEL")],
    ],
)
def test_hangup_while_the_other_side_hangs_up(taken, answer):
    call, switch = taken
    ending = gevent.spawn(call.hangup)
    switch.command()
    switch.send(*answer)
    promptly(ending.get)
    assert call.hangup_cause == "ORIGINATOR_CANCEL"


@pytest.mark.parametrize("notice", [[], [linger_notice()]])
def test_hangup_while_the_other_side_hangs_up_and_the_socket_ends(taken, notice):
    call, switch = taken
    ending = gevent.spawn(call.hangup)
    switch.command()
    switch.send(hangup_event("ORIGINATOR_CANCEL"), *notice)
    switch.close()
    promptly(ending.get)
    assert not call.lost


def test_hangup_over_a_lost_connection_is_an_error(taken):
    call, switch = taken
    ending = gevent.spawn(call.hangup)
    switch.command()
    switch.close()
    with pytest.raises(ConnectionLost):
        promptly(ending.get)
    assert call.lost


def test_a_hangup_releases_everybody(taken):
    call, switch = taken
    running = [executing(call, switch)[0] for _ in range(3)]
    sleeping = [gevent.spawn(call.sleep, seconds) for seconds in (60, None)]
    gevent.sleep(0)
    switch.send(hangup_event("NORMAL_CLEARING"))
    errors = []
    for each in (*running, *sleeping):
        with pytest.raises(CallGone, match=r"hung up \(NORMAL_CLEARING\)") as caught:
            promptly(each.get)
        assert not isinstance(caught.value, ConnectionLost)
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == 5
    assert not call.lost


def test_after_the_hangup_api_still_works_and_applications_do_not(taken):
    call, switch = taken
    switch.send(hangup_event(), linger_notice())
    until(lambda: call.gone)
    for refused in (call.answer, call.raise_if_gone, lambda: call.execute("answer")):
        with pytest.raises(CallGone):
            promptly(refused)
    asking = gevent.spawn(call.api, b"api status\n\n")
    switch.expect("api status", api_response("up"))
    assert promptly(asking.get) == "up"


def test_what_follows_the_hangup_is_heard(taken):
    """In one burst: the hangup, the recordings' ends, the notice, the end of the linger time."""
    call, switch = taken
    heard: list[str] = []
    call.on("RECORD_STOP", lambda event: heard.append(event.get("Path")))
    call.when_ended(lambda: heard.append("ended"))
    paths = [f"/r/{n}.wav" for n in range(20)]
    switch.send(
        hangup_event(),
        *(event("RECORD_STOP", Path=path) for path in paths),
        linger_notice(),
    )
    switch.close()
    until(lambda: "ended" in heard)
    assert heard == [*paths, "ended"]
    assert not call.lost
    assert call.gone is not None
    assert "hung up" in call.gone.reason


def test_a_connection_that_ends_while_the_call_is_up(taken):
    call, switch = taken
    running, _ = executing(call, switch)
    ends: list[str] = []
    call.when_ended(lambda: ends.append("ended"))
    switch.close()
    with pytest.raises(ConnectionLost):
        promptly(running.get)
    assert call.lost
    assert ends == ["ended"]
    with pytest.raises(ConnectionLost):
        promptly(call.api, b"api status\n\n")


def test_garbage_on_the_wire_is_a_lost_connection(taken):
    call, switch = taken
    running, _ = executing(call, switch)
    switch.send(b"no event socket at all\n\n")
    with pytest.raises(ConnectionLost) as caught:
        promptly(running.get)
    assert not isinstance(caught.value, WireError)
    assert call.lost


def test_close_ends_the_connection_and_not_the_call(taken):
    call, switch = taken
    running, _ = executing(call, switch)
    call.close()
    with pytest.raises(ConnectionLost):
        promptly(running.get)
    assert switch.ended()
    assert call.lost


def test_an_error_that_many_raise_gathers_no_stacks(taken):
    call, switch = taken
    switch.send(hangup_event())
    until(lambda: call.gone)
    for _ in range(50):
        with pytest.raises(CallGone):
            call.raise_if_gone()
    assert call.gone.__traceback__ is None
    assert call.gone.__context__ is None
