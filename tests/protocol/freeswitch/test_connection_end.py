"""Every way in which a connection can end, and what its peers can do to it."""

import gc
import select
import traceback
import weakref
from pathlib import Path

import gevent
import pytest
from scripted_switch import (
    DEADLINE,
    api_response,
    connected,
    event,
    frame,
    linger_notice,
    promptly,
    until,
)
from subjects import STATUS, ConnectionSubject

from adapter.freeswitch.connection import OutboundConnection
from adapter.freeswitch.errors import (
    CallGone,
    ConnectionLost,
)


def arrived(connection: OutboundConnection) -> None:
    """Wait, without letting anybody run, until bytes are there to be read."""
    assert select.select([connection.sock], [], [], DEADLINE)[0]


# -- the end -------------------------------------------------------------------------------------


def test_an_end_without_a_hangup_is_a_lost_connection(connection):
    subject, switch = connection
    asking = subject.ask()
    switch.command()
    switch.close()
    with pytest.raises(ConnectionLost, match="closed the connection"):
        promptly(asking.get)
    assert not subject.connection.connected


def test_an_end_after_the_linger_notice_is_a_hangup(connection):
    subject, switch = connection
    asking = subject.ask()
    switch.command()
    switch.send(linger_notice())
    switch.close()
    with pytest.raises(CallGone) as caught:
        promptly(asking.get)
    assert not isinstance(caught.value, ConnectionLost)


@pytest.mark.parametrize("end", ["close", "vanish"])
def test_everybody_who_waits_is_told_and_later_callers_too(connection, end):
    subject, switch = connection
    asking = [subject.ask() for _ in range(3)]
    switch.commands(3)
    getattr(switch, end)()
    for each in asking:
        with pytest.raises(ConnectionLost):
            promptly(each.get)
    with pytest.raises(ConnectionLost):
        subject.connection.command(STATUS)
    assert len(subject.ends) == 1


def test_events_before_the_end_are_delivered(connection):
    subject, switch = connection
    switch.send(event("CHANNEL_HANGUP"), *[event("RECORD_STOP")] * 50, linger_notice())
    switch.close()
    until(lambda: subject.ends)
    assert subject.events == ["CHANNEL_HANGUP", *["RECORD_STOP"] * 50]


def test_replies_before_the_end_are_delivered(connection):
    subject, switch = connection
    first, second = subject.ask(), subject.ask()
    switch.commands(2)
    switch.send(api_response("up"))
    switch.close()
    assert promptly(first.get).reply == "up"
    with pytest.raises(ConnectionLost):
        promptly(second.get)


def test_an_end_inside_a_frame_delivers_what_was_whole(connection):
    subject, switch = connection
    switch.send(event("ONE"), event("TWO")[:-3])
    switch.close()
    until(lambda: subject.ends)
    assert subject.events == ["ONE"]
    assert "inside a frame" in subject.ends[0].reason


def test_stop_tells_who_waits(connection):
    subject, switch = connection
    asking = subject.ask()
    switch.command()
    subject.connection.stop()
    with pytest.raises(ConnectionLost, match="closed here"):
        promptly(asking.get)
    assert switch.ended()


def test_what_had_arrived_is_handled_before_stop(connection):
    subject, switch = connection
    switch.send(event("RECORD_STOP"), event("RECORD_STOP"))
    arrived(subject.connection)
    subject.connection.stop()
    assert subject.events == ["RECORD_STOP"] * 2


def test_stop_inside_a_handler(connection):
    subject, switch = connection
    subject.handler = lambda _: subject.connection.stop()
    asking = subject.ask()
    switch.command()
    switch.send(event("ONE"), event("TWO"))
    with pytest.raises(ConnectionLost):
        promptly(asking.get)
    assert subject.events == ["ONE", "TWO"]
    assert len(subject.ends) == 1


def test_stop_inside_the_end(connection):
    subject, switch = connection
    subject.connection.when_ended(lambda _: subject.connection.stop())
    switch.close()
    until(lambda: subject.ends)
    subject.connection.stop()
    assert len(subject.ends) == 1


def test_one_failing_listener_keeps_the_end_from_no_other(connection):
    subject, switch = connection
    told = []
    subject.connection.when_ended(lambda _: 1 / 0)
    subject.connection.when_ended(told.append)
    asking = subject.ask()
    switch.command()
    switch.close()
    with pytest.raises(ConnectionLost):
        promptly(asking.get)
    until(lambda: told)


def test_who_listens_after_the_end_is_told_at_once(connection):
    subject, switch = connection
    switch.close()
    until(lambda: subject.ends)
    told = []
    subject.connection.when_ended(told.append)
    assert [type(reason) for reason in told] == [ConnectionLost]


def test_everybody_gets_an_error_of_their_own(connection):
    """One instance for all would gather the stack of everybody who raises it."""
    subject, switch = connection
    asking = [subject.ask() for _ in range(5)]
    switch.commands(5)
    switch.close()
    gevent.joinall(asking, timeout=DEADLINE)
    errors = [each.exception for each in asking]
    for _ in range(20):
        with pytest.raises(ConnectionLost) as caught:
            subject.connection.command(STATUS)
        errors.append(caught.value)
    assert len({id(error) for error in errors}) == len(errors)
    assert {error.reason for error in errors} == {subject.connection.gone.reason}
    assert max(len(traceback.extract_tb(error.__traceback__)) for error in errors) < 8
    assert subject.connection.gone.__traceback__ is None


# -- peers that are no switch --------------------------------------------------------------------


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\n\n",
        b"SSH-2.0-OpenSSH_9.6\n\n",
        b"\x16\x03\x01\x02\x00\x01\n\n",
        b"Content-Type: command/reply\nReply-Text: +OK\n\n",
        b"Content-Type: api/response\nContent-Length: x\n\n",
        b"Content-Type: text/event-plain\nContent-Length: 99999999\n\n",
        frame("text/rude-rejection", b"Access Denied, go away.\n"),
        b"\0" * 300_000,
    ],
)
def test_what_is_no_event_socket_is_closed(connection, garbage):
    subject, switch = connection
    switch.send(garbage)
    until(lambda: subject.ends)
    assert isinstance(subject.ends[0], ConnectionLost)
    assert switch.ended()


def test_a_header_of_a_hundred_megabytes_is_refused_early(connection):
    subject, switch = connection
    sent = 0
    with pytest.raises(OSError):  # noqa: PT012
        for _ in range(1600):
            switch.send(b"X-Long: " + b"x" * 65528)
            sent += 65536
            gevent.sleep(0)
    assert sent < 20_000_000  # some of it stood in the kernel's buffers
    assert "header block" in subject.ends[0].reason
    assert len(subject.connection._reader._buffer) < 600_000


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_what_is_left_of_a_connection():
    """Nothing: no descriptor, no memory."""
    gc.collect()
    before = descriptors()
    gone = []
    for _ in range(20):
        with connected() as (sock, switch):
            subject = ConnectionSubject(sock)
            asking = subject.ask()
            switch.expect("api", api_response())
            promptly(asking.get)
            subject.connection.stop()
            gone.append(weakref.ref(subject.connection))
    del subject, asking, switch, sock
    gc.collect()
    assert not [each for each in gone if each()]
    assert descriptors() <= before  # what others before had open may have been closed meanwhile
