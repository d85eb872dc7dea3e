"""A call is taken over, runs applications and API calls, and is listened to."""

import gevent
import pytest
from scripted_switch import (
    DEADLINE,
    UUID,
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
from structlog.testing import capture_logs
from subjects import executing, opened

from adapter.freeswitch import call as call_module
from adapter.freeswitch.applications import APPLICATION_DEADLINE
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import (
    CallGone,
    CommandFailed,
    ConnectionLost,
    ReplyTimeout,
    UnsafeValue,
)

# -- taking over ---------------------------------------------------------------------------------


def test_taking_over(fresh):
    call, switch = fresh
    opening = gevent.spawn(call.open)
    assert switch.commands(2) == ["connect", f"linger {call_module.LINGER_SECONDS}"]
    switch.send(channel_data(variable_socket_path="sales"), reply())
    own_events, subscribe = switch.commands(2)
    assert own_events == f"filter Unique-ID {UUID}"
    assert "RECORD_STOP" in subscribe
    switch.send(reply(), reply())
    promptly(opening.get)
    assert call.uuid == UUID
    assert call.channel.get("Caller-Caller-ID-Number") == "+15551230001"
    assert call.gone is None


def test_the_log_names_the_call_of_a_command(fresh):
    call, switch = fresh
    opening = gevent.spawn(call.open)
    switch.commands(2)
    switch.send(channel_data(), reply())
    promptly(opening.get)
    with capture_logs() as lines:
        running = gevent.spawn(call.api, b"api uuid_answer\n\n")
        switch.commands(3)
        switch.send(reply(), reply(), api_response())
        promptly(running.get)
    assert [line["call_id"] for line in lines if line["event"] == "switch commands"] == [UUID]


def test_the_first_command_does_not_wait_for_the_subscription(fresh):
    call, switch = fresh

    def first() -> str:
        call.open()
        return call.api(b"api uuid_answer\n\n")

    running = gevent.spawn(first)
    switch.commands(2)
    switch.send(channel_data(), reply())
    own_events, subscribe, answer = switch.commands(3)
    assert own_events.startswith("filter")
    assert subscribe.startswith("event plain")
    assert answer == "api uuid_answer"
    switch.send(reply(), reply(), reply("+OK answered"))
    assert promptly(running.get) == "+OK answered"


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
    switch.commands(2)
    switch.send(said)
    with pytest.raises(ReplyTimeout, match="connect"):
        promptly(opening.get)


def test_a_dialplan_that_gives_too_little(fresh):
    """`socket` without `full`: the switch knows no linger, no events and no api."""
    call, switch = fresh
    opening = gevent.spawn(call.open)
    switch.commands(2)
    switch.send(channel_data(), reply("-ERR command not found"))
    with pytest.raises(CommandFailed, match="async full"):
        promptly(opening.get)


def test_a_dialplan_without_async(fresh):
    call, switch = fresh
    opening = gevent.spawn(call.open)
    switch.commands(2)
    static = channel_data().replace(b"Socket-Mode: async", b"Socket-Mode: static")
    switch.send(static, reply())
    with pytest.raises(CommandFailed, match="async full"):
        promptly(opening.get)


def test_a_call_that_ends_before_it_is_taken_over(fresh):
    call, switch = fresh
    opening = gevent.spawn(call.open)
    switch.commands(2)
    switch.close()
    with pytest.raises(ConnectionLost):
        promptly(opening.get)


# -- applications --------------------------------------------------------------------------------


def test_an_application_to_its_end(taken):
    call, switch = taken
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
def test_completion_and_reply_arrive_together(taken, reply_first):
    call, switch = taken
    running = gevent.spawn(call.execute, "playback", "a.wav")
    event_uuid = dict(line.split(": ", 1) for line in switch.command().splitlines()[1:])[
        "Event-UUID"
    ]
    frames = [reply(), completed(event_uuid)]
    switch.send(*(frames if reply_first else reversed(frames)))
    assert promptly(running.get).name == "CHANNEL_EXECUTE_COMPLETE"


def test_two_applications_each_their_own_end(taken):
    call, switch = taken
    first, first_id = executing(call, switch)
    second, second_id = executing(call, switch)
    switch.send(completed("somebody else's"), completed(second_id))
    assert promptly(second.get)
    assert not first.ready()
    switch.send(completed(first_id))
    assert promptly(first.get)


def test_an_application_that_does_not_end_in_time(taken):
    call, switch = taken
    running, event_uuid = executing(call, switch, deadline=0.02)
    with pytest.raises(ReplyTimeout, match=r"playback did not complete within 0\.02"):
        promptly(running.get)
    again, again_id = executing(call, switch)
    switch.send(completed(event_uuid))
    gevent.sleep(0)
    assert not again.ready()
    switch.send(completed(again_id))
    promptly(again.get)
    assert not call.innermost


def test_the_callers_own_timeout_stays_theirs(taken):
    call, switch = taken

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
    assert not call.innermost


def test_a_refused_application(taken):
    call, switch = taken
    running = gevent.spawn(call.execute, "playback", "a.wav")
    switch.expect("sendmsg", reply("-ERR invalid session id"))
    with pytest.raises(CommandFailed, match="invalid session id"):
        promptly(running.get)
    assert not call.innermost


def test_what_would_be_code_is_not_sent(taken):
    call, switch = taken
    with pytest.raises(UnsafeValue):
        call.execute("set", "x=${system(touch /tmp/x)}")
    assert not call.innermost
    call.close()
    assert switch.ended()


def test_variables_travel_with_the_next_command(taken):
    call, switch = taken
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


def test_api_while_an_application_runs(taken):
    call, switch = taken
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


def test_answer_once(taken):
    call, switch = taken
    answering = gevent.spawn(call.answer)
    switch.expect(f"api uuid_answer {UUID}", api_response())
    promptly(answering.get)
    assert call.answered
    promptly(call.answer)
    asking = gevent.spawn(call.api, b"api next\n\n")
    assert switch.expect("api", api_response()) == "api next"
    promptly(asking.get)


def test_somebody_else_answers(taken):
    call, switch = taken
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


# -- sleeping and listening ----------------------------------------------------------------------


def test_sleep_lets_time_pass(taken):
    call, _ = taken
    assert promptly(call.sleep, 0.01) is None


def test_handlers_by_event_in_the_order_they_came(taken):
    call, switch = taken
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


def test_a_failing_handler_harms_no_other(taken):
    call, switch = taken
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


def test_a_handler_may_take_itself_off_and_close_the_call(taken):
    call, switch = taken
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


def test_the_end_of_another_call_is_not_ours(taken):
    """One that was watched: its filter outlasts that by as long as we send nothing."""
    call, switch = taken
    heard: list[str] = []
    call.on("CHANNEL_HANGUP", lambda event: heard.append(event.get("Unique-ID")))
    switch.send(event("CHANNEL_ANSWER", Unique_ID="other"))
    switch.send(event("CHANNEL_HANGUP", Unique_ID="other"))
    switch.send(event("DTMF", DTMF_Digit="1"))
    digits: list[str] = []
    call.on("DTMF", lambda event: digits.append(event.get("DTMF-Digit")))
    switch.send(event("DTMF", DTMF_Digit="2"))
    until(lambda: "2" in digits)
    assert (call.gone, call.answered, heard) == (None, False, [])
    switch.send(hangup_event())
    until(lambda: call.gone)
    assert len(heard) == 1


def test_who_listens_for_the_end_too_late_is_told_at_once(taken):
    call, switch = taken
    switch.close()
    until(lambda: call.gone)
    told: list[bool] = []
    call.when_ended(lambda: told.append(True))
    assert told == [True]


def test_every_wait_is_bounded():
    """No deadline of a call is left out: each default is a number of seconds."""
    assert 0 < call_module.DEFAULT_DEADLINE <= DEADLINE
    assert 0 < APPLICATION_DEADLINE < 24 * 3600
    assert call_module.LINGER_SECONDS >= 1
