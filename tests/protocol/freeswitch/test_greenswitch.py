"""What greenswitch 0.0.19 loses, misreads or hangs at, row by row, and that ours does not.

Each scenario runs on both. On greenswitch's own classes it must fail (strictly: once a release
mends a row, its test says so, and our replacement can go).
"""

import logging
import signal
import socket as stdlib_socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import socket
from greenswitch.esl import (
    NotConnectedError,
    OutboundSession,
    OutboundSessionHasGoneAway,
)
from greenswitch_sides import Base, Ours
from scripted_switch import (
    ScriptedSwitch,
    api_response,
    channel_data,
    completed,
    dial,
    event,
    frame,
    hangup_event,
    promptly,
    reply,
    until,
)

from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import CallGone, UnsafeValue

SIDES = [
    pytest.param(
        Base, marks=pytest.mark.xfail(raises=AssertionError, strict=True), id="greenswitch"
    ),
    pytest.param(Ours, id="ours"),
]
on_both = pytest.mark.parametrize("side", SIDES)


@pytest.fixture
def both(side, link):
    """(the side under test on our socket, the scripted switch at the other end)"""
    sock, switch = link
    logging.disable(logging.CRITICAL)
    subject = side(sock)
    yield subject, switch
    subject.abandon()
    logging.disable(logging.NOTSET)


def raises_promptly(what: Callable[..., Any], *arguments: Any, within: float) -> Exception:
    """The error with which something ends that must not hang."""
    try:
        result = promptly(what, *arguments, within=within)
    except AssertionError:
        raise
    except Exception as error:
        return error
    raise AssertionError(f"it gave {result!r} instead of an error")


# -- reading -------------------------------------------------------------------------------------


@on_both
def test_g1_end_of_stream_fails_who_waits_for_a_reply(both):
    subject, switch = both
    waiting = gevent.spawn(subject.api, "status")
    switch.command()
    switch.close()
    raises_promptly(waiting.get, within=subject.patience)


@on_both
def test_g1_connect_has_a_deadline(both):
    subject, _silent = both
    raises_promptly(subject.connect, within=subject.patience)


@on_both
@pytest.mark.filterwarnings("ignore:The 'warn'")
def test_g2_end_of_stream_inside_a_body_leaves_the_process_alive(both):
    _, switch = both
    starved: list[bool] = []

    def stop_the_loop(*_: object) -> None:
        starved.append(True)
        raise RuntimeError("one greenlet has used all the time")

    # Only time on the processor counts, and only a loop that never waits uses this much of it.
    before = signal.signal(signal.SIGVTALRM, stop_the_loop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.2)
    try:
        switch.send(b"Content-Type: text/event-plain\nContent-Length: 100\n\nEvent-Name: X\n")
        switch.close()
        ticks = gevent.spawn(lambda: [gevent.sleep(0.001) for _ in range(20)])
        ticks.join(timeout=5)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert not starved
    assert ticks.ready()


@on_both
def test_g3_events_before_the_end_are_handled(both):
    subject, switch = both
    handled: list[str] = []
    subject.on("RECORD_STOP", lambda headers: handled.append(headers.get("Number")))
    switch.send(*(event("RECORD_STOP", Number=str(n)) for n in range(50)))
    switch.close()
    with suppress(AssertionError):
        until(lambda: len(handled) == 50, within=subject.patience)
    assert handled == [str(n) for n in range(50)]


def first_event(subject: Any, switch: ScriptedSwitch, *frames: bytes, name: str = "DTMF") -> Any:
    """The headers of the first event of that name, as a handler sees them."""
    seen: list[Any] = []
    subject.on(name, seen.append)
    switch.send(*frames)
    until(lambda: seen, within=subject.patience)
    return seen[0]


@on_both
def test_g4_newline_in_a_value_forges_no_header(both):
    forged = event("DTMF", Caller_Name="x\nDTMF-Digit: 9\nForged: yes", DTMF_Digit="1")
    headers = first_event(*both, forged)
    assert headers.get("Forged", "") == ""
    assert headers.get("Caller-Name") == "x\nDTMF-Digit: 9\nForged: yes"


@on_both
@pytest.mark.parametrize("break_", ["\u2028", "\x85"])
def test_g5_only_a_line_feed_ends_a_line(both, break_):
    headers = first_event(*both, event("DTMF", Caller_Name=f"a{break_}Forged: yes"))
    assert headers.get("Forged", "") == ""
    assert headers.get("Caller-Name") == f"a{break_}Forged: yes"


@on_both
def test_g6_body_of_an_event_is_not_its_headers(both):
    headers = first_event(*both, event("DTMF", b"DTMF-Digit: 9\nForged: yes\n", DTMF_Digit="1"))
    assert headers.get("DTMF-Digit") == "1"
    assert headers.get("Forged", "") == ""


@on_both
def test_g7_empty_last_header_is_a_header(both):
    body = b"Event-Name: DTMF\nDTMF-Digit: 1\nX-Last: \n\n"
    headers = first_event(*both, frame("text/event-plain", body))
    assert headers.get("X-Last", "absent") == ""
    assert headers.get("DTMF-Digit") == "1"


@on_both
def test_g8_a_byte_that_is_no_utf8_ends_nothing(both):
    subject, switch = both
    bad = frame("text/event-plain", b"Event-Name: CUSTOM\nName: a\xffb\n\n")
    headers = first_event(subject, switch, bad, event("DTMF", DTMF_Digit="1"))
    assert headers.get("DTMF-Digit") == "1"


@on_both
def test_g9_frame_without_content_type_ends_the_connection_for_who_waits(both):
    subject, switch = both
    waiting = gevent.spawn(subject.api, "status")
    switch.command()
    switch.send(b"Reply-Text: +OK\n\n")
    raises_promptly(waiting.get, within=subject.patience)


@on_both
def test_g17_newlines_left_between_frames_are_skipped(both):
    """As after `getvar switch_r_sdp`, whose value ends in newlines."""
    subject, switch = both
    sdp = "Reply-Text: v=0\r\no=FreeSWITCH 1 1 IN IP4 127.0.0.1\r\n\n\n\n"
    first = gevent.spawn(subject.api, "getvar switch_r_sdp")
    switch.command()
    switch.send(f"Content-Type: command/reply\n{sdp}".encode())
    first.join(timeout=subject.patience)
    second = gevent.spawn(subject.api, "status")
    switch.command()
    switch.send(api_response("up"))
    assert promptly(second.get, within=subject.patience) == "up"


# -- waiting -------------------------------------------------------------------------------------


def playing(subject: Any, switch: ScriptedSwitch, sound: str) -> tuple[gevent.Greenlet, str]:
    """Something that plays, and the Event-UUID of its application (greenswitch sends none)."""
    greenlet = gevent.spawn(subject.play, sound)
    command = switch.expect("sendmsg")
    lines = dict(line.split(": ", 1) for line in command.splitlines()[1:])
    return greenlet, lines.get("Event-UUID", sound)


@on_both
def test_g10_an_applications_end_releases_only_who_waits_for_it(both):
    subject, switch = both
    first, _ = playing(subject, switch, "a.wav")
    second, second_id = playing(subject, switch, "b.wav")
    switch.send(completed(second_id))
    gevent.wait([first, second], timeout=subject.patience, count=1)
    assert second.ready()
    assert not first.ready()


@on_both
def test_g11_a_handler_of_completions_hides_none_from_who_waits(both):
    subject, switch = both
    seen: list[Any] = []
    subject.on("CHANNEL_EXECUTE_COMPLETE", seen.append)
    greenlet, event_uuid = playing(subject, switch, "a.wav")
    switch.send(completed(event_uuid))
    promptly(greenlet.get, within=subject.patience)
    assert len(seen) == 1


@on_both
def test_g12_a_hangup_releases_who_waits_for_an_application(both):
    subject, switch = both
    greenlet, _ = playing(subject, switch, "a.wav")
    switch.send(hangup_event())
    raises_promptly(greenlet.get, within=subject.patience)


@on_both
def test_g18_who_gave_up_takes_no_completion_from_the_next(both):
    subject, switch = both
    late = gevent.spawn(raises_timeout, subject, "a.wav")
    switch.expect("sendmsg")
    promptly(late.get, within=5)
    greenlet, event_uuid = playing(subject, switch, "b.wav")
    switch.send(completed(event_uuid))
    promptly(greenlet.get, within=subject.patience)


def raises_timeout(subject: Any, sound: str) -> None:
    """Both sides' own error for a completion that does not come."""
    try:
        subject.play_within(sound, 0.02)
    except (Exception, gevent.Timeout):
        return
    pytest.fail("there was no time-out")


@on_both
@pytest.mark.parametrize("end", ["close", "vanish"])
def test_g21_a_switch_that_dies_releases_who_waits_for_an_application(both, end):
    subject, switch = both
    greenlet, _ = playing(subject, switch, "a.wav")
    getattr(switch, end)()
    raises_promptly(greenlet.get, within=subject.patience)


# -- writing -------------------------------------------------------------------------------------


@on_both
def test_g13_a_newline_in_an_argument_is_no_second_command(both):
    subject, switch = both
    playing_ = gevent.spawn(refused, subject.play, "a.wav\n\napi system touch /tmp/x\n\nexit")
    gevent.sleep(0)
    sent = switch.rest()
    playing_.kill()
    assert b"api system" not in sent
    assert sent == b""


def refused(what: Callable[..., Any], *arguments: Any) -> None:
    with suppress(UnsafeValue):
        what(*arguments)


@on_both
def test_g14_a_long_command_is_sent_whole(side, link):
    sock, switch = link
    sock.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_SNDBUF, 4096)
    subject = side(sock)
    argument = "x" * 1_000_000
    waiting = gevent.spawn(subject.api, f"echo {argument}")
    assert len(switch.command(within=subject.patience)) == len("api echo ") + len(argument)
    switch.send(api_response("done"))
    assert promptly(waiting.get) == "done"


@on_both
def test_g19_a_failed_write_shifts_no_reply(both):
    subject, switch = both
    subject.break_the_next_write()
    with suppress(Exception):
        promptly(subject.api, "first")
    second = gevent.spawn(subject.api, "second")
    with suppress(AssertionError, OSError):
        switch.command(within=0.1)
        switch.send(api_response("second"))
    try:
        answer = promptly(second.get, within=subject.patience)
    except CallGone:
        return  # the end of the whole connection is honest as well
    assert answer == "second"


@on_both
def test_g16_stop_takes_no_time(both):
    subject, switch = both
    stopping = gevent.spawn(subject.stop)
    with suppress(AssertionError):
        switch.expect("exit", reply("+OK bye"))
        switch.close()
    promptly(stopping.get, within=min(subject.patience, 0.5))


# -- accepting -----------------------------------------------------------------------------------


@on_both
def test_g15_a_call_is_taken_at_once(side):
    with side.server(lambda _: None) as address:
        began = time.monotonic()
        for _ in range(4):
            switch = dial(address)
            switch.command()
            switch.close()
        assert time.monotonic() - began < 0.25


@on_both
def test_g16_the_limit_of_calls_holds_in_a_burst(side):
    running: list[object] = []

    def handle(call: Any) -> None:
        running.append(call)
        gevent.sleep(2)

    with side.server(handle, max_calls=1) as address:
        switches = [dial(address) for _ in range(3)]
        for switch in switches:
            with suppress(AssertionError, OSError):
                switch.expect("connect", channel_data())
                for _ in range(3):
                    switch.expect("")
        until(lambda: running)
        gevent.sleep(0.02)
        assert len(running) == 1


@contextmanager
def starving(side):
    """A server that is out of descriptors: its address, and how it gets some again."""
    script = Path(__file__).with_name("starving_server.py")
    server = subprocess.Popen(
        [sys.executable, str(script), side.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def feed() -> None:
        server.stdin.write("go on\n")
        server.stdin.flush()

    try:
        yield ("127.0.0.1", int(server.stdout.readline())), feed
    finally:
        server.communicate()


@on_both
def test_g20_a_server_without_descriptors_goes_on_when_it_has_some(side):
    with starving(side) as (address, feed):
        sock = socket.create_connection(address)
        switch = ScriptedSwitch(sock)
        with pytest.raises(AssertionError):  # both try to accept: one polls ten times a second
            switch.command(within=0.15)
        feed()
        assert switch.command(within=0.5 if side is Base else 5) == "connect"
        switch.close()


def test_names_and_errors_stay_those_of_greenswitch(link):
    """Code written for greenswitch finds its session and catches its errors."""
    sock, switch = link
    call = Call(sock)
    session = call._connection
    assert isinstance(session, OutboundSession)
    opening = gevent.spawn(call.open)
    switch.take_over()
    promptly(opening.get)
    assert session.uuid == session.session_data.get("variable_uuid")
    assert session.caller_id_number == "+15551230001"
    sending = gevent.spawn(session.linger, 5)
    switch.expect("linger 5")
    promptly(sending.get)
    switch.close()
    until(lambda: not session.connected)
    with pytest.raises(NotConnectedError):
        session.send("api status")
    with pytest.raises(OutboundSessionHasGoneAway):
        call.execute("answer")
