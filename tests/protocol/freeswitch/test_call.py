"""One call on a scripted switch: what is asked of it, what it says, and how it ends."""

import gevent
import pytest
from scripted_switch import (
    DEADLINE,
    UUID,
    ScriptedSwitch,
    api_response,
    channel_data,
    completed,
    event,
    hangup_event,
    linger_notice,
    promptly,
    reply,
    until,
)

from adapter.freeswitch import call as call_module
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import (
    CallGone,
    CommandFailed,
    ConnectionLost,
    ReplyTimeout,
    UnsafeValue,
    WireError,
)


@pytest.fixture
def fresh(link):
    """A call that nobody has taken over yet, and its switch."""
    sock, switch = link
    call = Call(sock)
    yield call, switch
    call.close()


def opened(call: Call, switch: ScriptedSwitch, **channel: str) -> None:
    opening = gevent.spawn(call.open)
    switch.take_over(**channel)
    promptly(opening.get)


@pytest.fixture
def both(fresh):
    """A call that was taken over, and its switch."""
    opened(*fresh)
    return fresh


def executing(call: Call, switch: ScriptedSwitch, **options) -> tuple[gevent.Greenlet, str]:
    """Somebody who waits for an application's end, and its Event-UUID; the switch has said +OK."""
    greenlet = gevent.spawn(call.execute, "playback", "a.wav", **options)
    return greenlet, switch.executed()


# -- taking over ---------------------------------------------------------------------------------


def test_taking_over(fresh):
    call, switch = fresh
    opening = gevent.spawn(call.open)
    connect, linger, my_events, subscribe, unsubscribe = switch.commands(5)
    assert connect == "connect"
    assert linger == f"linger {call_module.LINGER_SECONDS}"
    assert my_events == "myevents"
    assert "RECORD_STOP" in subscribe
    assert "TALK" in unsubscribe
    switch.send(channel_data(variable_socket_path="sales"), *[reply()] * 4)
    promptly(opening.get)
    assert call.uuid == UUID
    assert call.channel.get("Caller-Caller-ID-Number") == "+15551230001"
    assert call.gone is None


def test_variables_of_the_channel(fresh):
    opened(*fresh, variable_swml_url="x")
    call, _ = fresh
    assert call.channel.get("variable-swml-url") == "x"
    assert call.variable("uuid") == UUID
    assert call.variable("nothing") == ""


@pytest.mark.parametrize(
    ("state", "answered"), [("ringing", False), ("early", False), ("answered", True)]
)
def test_whether_it_is_answered(fresh, state, answered):
    opened(*fresh, Answer_State=state)
    assert fresh[0].answered is answered


def test_before_it_is_taken_over_there_is_no_channel(fresh):
    with pytest.raises(CallGone, match="not taken over"):
        _ = fresh[0].uuid


@pytest.mark.parametrize("said", [b"", b"Content-Type: comm", channel_data(), channel_data()[:-1]])
def test_a_switch_that_falls_silent_is_given_up(fresh, said):
    call, switch = fresh
    opening = gevent.spawn(call.open, 0.05)
    switch.commands(5)
    switch.send(said)
    with pytest.raises(ReplyTimeout, match="connect"):
        promptly(opening.get)


def test_a_dialplan_that_gives_too_little(fresh):
    """`socket` without `full`: the switch knows no linger, no events and no api."""
    call, switch = fresh
    opening = gevent.spawn(call.open)
    switch.commands(5)
    unknown = reply("-ERR command not found")
    switch.send(channel_data(), unknown, reply(), unknown, unknown)
    with pytest.raises(CommandFailed, match="async full"):
        promptly(opening.get)


def test_a_dialplan_without_async(fresh):
    call, switch = fresh
    opening = gevent.spawn(call.open)
    switch.commands(5)
    static = channel_data().replace(b"Socket-Mode: async", b"Socket-Mode: static")
    switch.send(static, *[reply()] * 4)
    with pytest.raises(CommandFailed, match="async full"):
        promptly(opening.get)


def test_a_call_that_ends_before_it_is_taken_over(fresh):
    call, switch = fresh
    opening = gevent.spawn(call.open)
    switch.commands(5)
    switch.close()
    with pytest.raises(ConnectionLost):
        promptly(opening.get)


# -- applications --------------------------------------------------------------------------------


def test_an_application_to_its_end(both):
    call, switch = both
    running = gevent.spawn(call.execute, "playback", "a.wav")
    command = switch.command()
    lines = dict(line.split(": ", 1) for line in command.splitlines()[1:])
    assert (lines["execute-app-name"], lines["execute-app-arg"]) == ("playback", "a.wav")
    switch.send(reply())
    gevent.sleep(0)
    assert not running.ready()
    switch.send(completed(lines["Event-UUID"]))
    assert promptly(running.get).get("Application-Response") == "FILE PLAYED"


@pytest.mark.parametrize("reply_first", [True, False])
def test_completion_and_reply_arrive_together(both, reply_first):
    call, switch = both
    running = gevent.spawn(call.execute, "playback", "a.wav")
    event_uuid = dict(line.split(": ", 1) for line in switch.command().splitlines()[1:])[
        "Event-UUID"
    ]
    frames = [reply(), completed(event_uuid)]
    switch.send(*(frames if reply_first else reversed(frames)))
    assert promptly(running.get).name == "CHANNEL_EXECUTE_COMPLETE"


def test_two_applications_each_their_own_end(both):
    call, switch = both
    first, first_id = executing(call, switch)
    second, second_id = executing(call, switch)
    switch.send(completed("somebody else's"), completed(second_id))
    assert promptly(second.get)
    assert not first.ready()
    switch.send(completed(first_id))
    assert promptly(first.get)


def test_an_application_that_does_not_end_in_time(both):
    call, switch = both
    running, event_uuid = executing(call, switch, deadline=0.02)
    with pytest.raises(ReplyTimeout, match=r"playback did not complete within 0\.02"):
        promptly(running.get)
    again, again_id = executing(call, switch)
    switch.send(completed(event_uuid))
    gevent.sleep(0)
    assert not again.ready()
    switch.send(completed(again_id))
    promptly(again.get)
    assert not call._completions


def test_the_callers_own_timeout_stays_theirs(both):
    call, switch = both

    def bounded() -> bool:
        mine = gevent.Timeout(0.02)
        with mine:
            try:
                call.execute("playback", "a.wav")
            except gevent.Timeout as caught:
                return caught is mine
        return False

    running = gevent.spawn(bounded)
    switch.executed()
    assert promptly(running.get)
    assert not call._completions


def test_a_refused_application(both):
    call, switch = both
    running = gevent.spawn(call.execute, "playback", "a.wav")
    switch.expect("sendmsg", reply("-ERR invalid session id"))
    with pytest.raises(CommandFailed, match="invalid session id"):
        promptly(running.get)
    assert not call._completions


def test_what_would_be_code_is_not_sent(both):
    call, switch = both
    with pytest.raises(UnsafeValue):
        call.execute("set", "x=${system(touch /tmp/x)}")
    assert not call._completions
    call.close()
    assert switch.ended()


def test_variables_travel_with_the_next_command(both):
    call, switch = both
    call.set_variables({"a": "1", "b": "x y"})
    running = gevent.spawn(call.execute, "playback", "a.wav")
    first, second = switch.commands(2)
    assert first == f"api uuid_setvar_multi {UUID} a=1;b=x y"
    event_uuid = dict(line.split(": ", 1) for line in second.splitlines()[1:])["Event-UUID"]
    switch.send(api_response(), reply(), completed(event_uuid))
    promptly(running.get)
    asking = gevent.spawn(call.api, b"api next\n\n")
    assert switch.expect("api", api_response()) == "api next"
    promptly(asking.get)


# -- api and answer ------------------------------------------------------------------------------


def test_api_while_an_application_runs(both):
    call, switch = both
    running, event_uuid = executing(call, switch)
    asking = gevent.spawn(call.api, b"api status\n\n")
    switch.expect("api status", api_response("up"))
    assert promptly(asking.get) == "up"
    switch.send(completed(event_uuid))
    promptly(running.get)


def test_api_has_the_calls_deadline(link):
    sock, switch = link
    call = Call(sock, deadline=0.05)
    opened(call, switch)
    with pytest.raises(ReplyTimeout):
        promptly(call.api, b"api status\n\n")
    call.close()


def test_answer_once(both):
    call, switch = both
    answering = gevent.spawn(call.answer)
    switch.expect(f"api uuid_answer {UUID}", api_response())
    promptly(answering.get)
    assert call.answered
    promptly(call.answer)
    asking = gevent.spawn(call.api, b"api next\n\n")
    assert switch.expect("api", api_response()) == "api next"
    promptly(asking.get)


def test_somebody_else_answers(both):
    call, switch = both
    switch.send(event("CHANNEL_ANSWER"))
    until(lambda: call.answered)
    promptly(call.answer)


def test_the_version_is_asked_once_for_all_calls_of_a_switch(fresh, monkeypatch):
    monkeypatch.setattr(call_module, "_versions", {})
    call, switch = fresh
    opened(call, switch, Core_UUID="core-version")
    asking = gevent.spawn(lambda: call.switch_version)
    switch.expect("api version short", api_response("1.10.12-dev~64bit\n"))
    assert promptly(asking.get) == (1, 10, 12)
    assert call.switch_version == (1, 10, 12)


# -- the hangup ----------------------------------------------------------------------------------


def test_hangup_waits_until_the_switch_says_so(both):
    call, switch = both
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


def test_hangup_of_an_ended_call_does_nothing(both):
    call, switch = both
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
def test_hangup_while_the_other_side_hangs_up(both, answer):
    call, switch = both
    ending = gevent.spawn(call.hangup)
    switch.command()
    switch.send(*answer)
    promptly(ending.get)
    assert call.hangup_cause == "ORIGINATOR_CANCEL"


@pytest.mark.parametrize("notice", [[], [linger_notice()]])
def test_hangup_while_the_other_side_hangs_up_and_the_socket_ends(both, notice):
    call, switch = both
    ending = gevent.spawn(call.hangup)
    switch.command()
    switch.send(hangup_event("ORIGINATOR_CANCEL"), *notice)
    switch.close()
    promptly(ending.get)
    assert not call.lost


def test_hangup_over_a_lost_connection_is_an_error(both):
    call, switch = both
    ending = gevent.spawn(call.hangup)
    switch.command()
    switch.close()
    with pytest.raises(ConnectionLost):
        promptly(ending.get)
    assert call.lost


def test_a_hangup_releases_everybody(both):
    call, switch = both
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


def test_after_the_hangup_api_still_works_and_applications_do_not(both):
    call, switch = both
    switch.send(hangup_event(), linger_notice())
    until(lambda: call.gone)
    for refused in (call.answer, call.raise_if_gone, lambda: call.execute("answer")):
        with pytest.raises(CallGone):
            promptly(refused)
    asking = gevent.spawn(call.api, b"api status\n\n")
    switch.expect("api status", api_response("up"))
    assert promptly(asking.get) == "up"


def test_what_follows_the_hangup_is_heard(both):
    """In one burst: the hangup, the recordings' ends, the notice, the end of the linger time."""
    call, switch = both
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


def test_a_connection_that_ends_while_the_call_is_up(both):
    call, switch = both
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


def test_garbage_on_the_wire_is_a_lost_connection(both):
    call, switch = both
    running, _ = executing(call, switch)
    switch.send(b"no event socket at all\n\n")
    with pytest.raises(ConnectionLost) as caught:
        promptly(running.get)
    assert not isinstance(caught.value, WireError)
    assert call.lost


def test_close_ends_the_connection_and_not_the_call(both):
    call, switch = both
    running, _ = executing(call, switch)
    call.close()
    with pytest.raises(ConnectionLost):
        promptly(running.get)
    assert switch.ended()
    assert call.lost


def test_an_error_that_many_raise_gathers_no_stacks(both):
    call, switch = both
    switch.send(hangup_event())
    until(lambda: call.gone)
    for _ in range(50):
        with pytest.raises(CallGone):
            call.raise_if_gone()
    assert call.gone.__traceback__ is None
    assert call.gone.__context__ is None


# -- sleeping and listening ----------------------------------------------------------------------


def test_sleep_lets_time_pass(both):
    call, _ = both
    assert promptly(call.sleep, 0.01) is None


def test_handlers_by_event_in_the_order_they_came(both):
    call, switch = both
    heard: list[tuple[str, str]] = []
    call.on("DTMF", lambda event: heard.append(("one", event.get("DTMF-Digit"))))
    take_off = call.on("DTMF", lambda event: heard.append(("two", event.get("DTMF-Digit"))))
    switch.send(event("DTMF", DTMF_Digit="1"), event("OTHER"))
    until(lambda: len(heard) == 2)
    take_off()
    take_off()
    switch.send(event("DTMF", DTMF_Digit="#"))
    until(lambda: len(heard) == 3)
    assert heard == [("one", "1"), ("two", "1"), ("one", "#")]


def test_a_failing_handler_harms_no_other(both):
    call, switch = both
    heard: list[str] = []

    def fail(_: object) -> None:
        raise RuntimeError("a handler's own fault")

    call.on("CHANNEL_HANGUP", fail)
    call.on("CHANNEL_HANGUP", lambda event: heard.append(event.name))
    call.when_ended(lambda: fail(None))
    call.when_ended(lambda: heard.append("ended"))
    running, _ = executing(call, switch)
    switch.send(hangup_event(), linger_notice())
    with pytest.raises(CallGone):
        promptly(running.get)
    switch.close()
    until(lambda: heard == ["CHANNEL_HANGUP", "ended"])


def test_a_handler_may_take_itself_off_and_close_the_call(both):
    call, switch = both
    heard: list[str] = []

    def once(event) -> None:
        heard.append(event.get("DTMF-Digit"))
        take_off()
        call.close()

    take_off = call.on("DTMF", once)
    call.on("DTMF", lambda event: heard.append("other " + event.get("DTMF-Digit")))
    switch.send(event("DTMF", DTMF_Digit="1"), event("DTMF", DTMF_Digit="2"))
    until(lambda: len(heard) == 3)
    assert heard == ["1", "other 1", "other 2"]
    assert switch.ended()


def test_who_listens_for_the_end_too_late_is_told_at_once(both):
    call, switch = both
    switch.close()
    until(lambda: call.gone)
    told: list[bool] = []
    call.when_ended(lambda: told.append(True))
    assert told == [True]


def test_every_wait_is_bounded():
    """No deadline of a call is left out: each default is a number of seconds."""
    assert 0 < call_module.DEFAULT_DEADLINE <= DEADLINE
    assert 0 < call_module.APPLICATION_DEADLINE < 24 * 3600
    assert call_module.LINGER_SECONDS >= 1
