"""Commands and replies, writing and events on one connection."""

import socket as stdlib_socket

import gevent
import pytest
from scripted_switch import (
    DEADLINE,
    api_response,
    event,
    frame,
    promptly,
    reply,
    until,
)
from subjects import STATUS, ConnectionSubject

from adapter.freeswitch.errors import (
    CommandFailed,
    ConnectionLost,
    ReplyTimeout,
    UnsafeValue,
)

# -- commands and replies ------------------------------------------------------------------------


def test_command_and_reply(connection):
    subject, switch = connection
    asking = subject.ask(b"api version\n\n")
    switch.expect("api version", api_response("1.10.12\n"))
    assert promptly(asking.get).reply == "1.10.12"


def test_everybody_gets_the_reply_to_their_own_command(connection):
    subject, switch = connection
    asking = [subject.ask(f"api echo {n}\n\n".encode()) for n in range(20)]
    for command in switch.commands(20):
        switch.send(api_response(command.removeprefix("api echo ")))
    assert [promptly(each.get).reply for each in asking] == [str(n) for n in range(20)]


def test_a_pipeline_is_one_write_and_its_replies_are_in_order(connection):
    subject, switch = connection
    batch = [f"api echo {n}\n\n".encode() for n in range(5)]
    asking = gevent.spawn(subject.connection.pipeline, batch)
    assert len(switch.commands(5)) == 5
    switch.send(*(api_response(str(n)) for n in range(4)))
    gevent.sleep(0)
    assert not asking.ready()
    switch.send(api_response("4"))
    assert [frame.reply for frame in promptly(asking.get)] == list("01234")


def test_a_pipeline_and_a_command_do_not_mix_up(connection):
    subject, switch = connection
    three = gevent.spawn(subject.connection.pipeline, [STATUS] * 3)
    one = subject.ask()
    for n in range(4):
        switch.expect("api status", api_response(str(n)))
    assert [frame.reply for frame in promptly(three.get)] == list("012")
    assert promptly(one.get).reply == "3"


def test_no_reply_in_time(connection):
    subject, _ = connection
    with pytest.raises(ReplyTimeout, match=r"'api status' within 0\.02 s"):
        promptly(subject.ask(deadline=0.02).get)


def test_no_last_reply_of_a_pipeline_in_time(connection):
    subject, switch = connection
    asking = gevent.spawn(subject.connection.pipeline, [STATUS] * 3, deadline=0.05)
    for _ in range(2):
        switch.expect("api status", api_response())
    with pytest.raises(ReplyTimeout):
        promptly(asking.get)


def test_a_late_reply_reaches_nobody_else(connection):
    subject, switch = connection
    with pytest.raises(ReplyTimeout):
        promptly(subject.ask(b"api slow\n\n", deadline=0.02).get)
    second = subject.ask(b"api quick\n\n")
    switch.commands(2)
    switch.send(api_response("late"), api_response("in time"))
    assert promptly(second.get).reply == "in time"


def test_the_callers_own_timeout_stays_theirs(connection):
    subject, _ = connection
    mine = gevent.Timeout(0.02)
    with pytest.raises(gevent.Timeout) as caught, mine:
        subject.connection.command(STATUS)
    assert caught.value is mine


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (api_response("-ERR Cannot record session!\n"), "Cannot record session!"),
        (api_response("-USAGE: <uuid>\n"), "<uuid>"),
        (reply("-ERR no such command"), "no such command"),
        (api_response("-ERR\n"), "no reason given"),
    ],
)
def test_refused_command(connection, answer, reason):
    subject, switch = connection
    asking = gevent.spawn(subject.connection.checked, b"api uuid_record x\n\n")
    switch.expect("api uuid_record", answer)
    with pytest.raises(CommandFailed) as caught:
        promptly(asking.get)
    assert caught.value.command == "api uuid_record x"
    assert reason in str(caught.value)


def test_the_first_refusal_of_several_counts(connection):
    subject, switch = connection
    asking = gevent.spawn(subject.connection.checked, b"api a\n\n", b"api b\n\n", b"api c\n\n")
    for answer in ("+OK", "-ERR second", "-ERR third"):
        switch.expect("api", api_response(answer))
    with pytest.raises(CommandFailed, match="'api b': second"):
        promptly(asking.get)


def test_text_with_line_breaks_is_not_sent(connection):
    subject, switch = connection
    with pytest.raises(UnsafeValue):
        subject.connection.send("api status\n\nexit")
    subject.connection.stop()
    assert switch.ended()


def test_small_commands_wait_for_nothing_and_dead_machines_are_noticed(connection):
    subject, _ = connection
    sock, tcp = subject.connection.sock, stdlib_socket.IPPROTO_TCP
    assert sock.getsockopt(tcp, stdlib_socket.TCP_NODELAY)
    assert sock.getsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_KEEPALIVE)
    idle = sock.getsockopt(tcp, stdlib_socket.TCP_KEEPIDLE)
    interval = sock.getsockopt(tcp, stdlib_socket.TCP_KEEPINTVL)
    assert idle + interval * sock.getsockopt(tcp, stdlib_socket.TCP_KEEPCNT) <= 60


# -- writing -------------------------------------------------------------------------------------


@pytest.fixture
def clogged(link):
    """A connection whose switch reads nothing, with hardly any room for what is sent."""
    sock, switch = link
    sock.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_SNDBUF, 4096)
    subject = ConnectionSubject(sock)
    yield subject, switch
    subject.connection.stop()


LONG = b"api echo " + b"x" * 4_000_000 + b"\n\n"


def test_a_switch_that_reads_nothing_is_given_up(clogged):
    subject, _ = clogged
    with pytest.raises(ConnectionLost, match="reads nothing"):
        promptly(subject.ask(LONG, deadline=0.05).get)
    assert subject.connection.gone


def test_who_waits_to_send_is_told_as_well(clogged):
    subject, _ = clogged
    first, second = subject.ask(LONG, deadline=0.05), subject.ask()
    for each in (first, second):
        with pytest.raises(ConnectionLost):
            promptly(each.get)


def test_the_callers_timeout_while_sending_is_theirs_and_ends_the_connection(clogged):
    """Half a command is on the wire: what follows would be read as its rest."""
    subject, _ = clogged
    mine = gevent.Timeout(0.02)
    with pytest.raises(gevent.Timeout) as caught, mine:
        subject.connection.command(LONG)
    assert caught.value is mine
    with pytest.raises(ConnectionLost):
        promptly(subject.ask().get)


def test_a_sender_that_is_killed_ends_the_connection(clogged):
    subject, _ = clogged
    asking = subject.ask(LONG)
    gevent.sleep(0)
    asking.kill()
    assert "broken off" in subject.ends[0].reason


def test_who_is_killed_while_waiting_leaves_their_reply_to_nobody(connection):
    subject, switch = connection
    asking = subject.ask(b"api one\n\n")
    assert switch.command() == "api one"
    asking.kill()
    second = subject.ask(b"api two\n\n")
    switch.command()
    switch.send(api_response("one"), api_response("two"))
    assert promptly(second.get).reply == "two"


def test_long_commands_of_two_do_not_mix(clogged):
    subject, switch = clogged
    sizes = [700_000, 300_000, 5, 400_000]
    commands = [f"api {n} ".encode() + b"x" * size + b"\n\n" for n, size in enumerate(sizes)]
    asking = [subject.ask(command) for command in commands]
    for command in commands:
        assert switch.command() == command.decode().rstrip("\n")
        switch.send(api_response())
    gevent.joinall(asking, timeout=DEADLINE, raise_error=True)


def test_a_reset_while_somebody_writes(clogged):
    subject, switch = clogged
    asking = subject.ask(LONG)
    gevent.sleep(0)
    switch.vanish()
    with pytest.raises(ConnectionLost):
        promptly(asking.get)


# -- events --------------------------------------------------------------------------------------


def test_events_are_delivered_in_order_and_between_replies(connection):
    subject, switch = connection
    asking = subject.ask()
    switch.command()
    switch.send(event("ONE"), api_response("up"), event("TWO"))
    assert promptly(asking.get).reply == "up"
    until(lambda: subject.events == ["ONE", "TWO"])


def test_a_failing_handler_keeps_no_event_from_the_next(connection):
    subject, switch = connection
    subject.handler = lambda event: 1 / 0
    switch.send(event("ONE"), event("TWO"))
    until(lambda: subject.events == ["ONE", "TWO"])
    assert not subject.connection.gone
    asking = subject.ask()
    switch.expect("api status", api_response("up"))
    assert promptly(asking.get).reply == "up"


def test_frames_that_nobody_knows_are_skipped(connection):
    subject, switch = connection
    switch.send(frame("log/data", b"text\n\n"), frame("text/event-json", b"{}"), event("ONE"))
    until(lambda: subject.events == ["ONE"])
