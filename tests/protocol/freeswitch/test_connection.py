"""One connection: commands and replies, events, and every way in which it can end."""

import gc
import select
import socket as stdlib_socket
import traceback
import weakref
from pathlib import Path

import gevent
import pytest
from scripted_switch import (
    DEADLINE,
    Hangs,
    ScriptedSwitch,
    api_response,
    connected,
    event,
    frame,
    linger_notice,
    listener,
    promptly,
    reply,
    until,
)

from adapter.freeswitch.connection import InboundConnection, OutboundConnection
from adapter.freeswitch.errors import (
    CallGone,
    CommandFailed,
    ConnectionLost,
    ReplyTimeout,
    SwitchError,
    UnsafeValue,
)

STATUS = b"api status\n\n"


class Subject:
    """The connection under test, and what it told."""

    def __init__(self, sock) -> None:
        self.events = []
        self.handler = lambda _event: None
        self.connection = OutboundConnection(sock, on_event=self._on_event)
        self.ends = []
        self.connection.when_ended(self.ends.append)

    def _on_event(self, event) -> None:
        self.events.append(event.name)
        self.handler(event)

    def ask(self, command: bytes = STATUS, deadline: float = DEADLINE) -> gevent.Greenlet:
        """Somebody who waits for a reply."""
        return gevent.spawn(self.connection.command, command, deadline=deadline)


@pytest.fixture
def both(link):
    sock, switch = link
    subject = Subject(sock)
    yield subject, switch
    subject.connection.stop()


def arrived(connection: OutboundConnection) -> None:
    """Wait, without letting anybody run, until bytes are there to be read."""
    assert select.select([connection.sock], [], [], DEADLINE)[0]


# -- commands and replies ------------------------------------------------------------------------


def test_command_and_reply(both):
    subject, switch = both
    asking = subject.ask(b"api version\n\n")
    switch.expect("api version", api_response("1.10.12\n"))
    assert promptly(asking.get).reply == "1.10.12"


def test_everybody_gets_the_reply_to_their_own_command(both):
    subject, switch = both
    asking = [subject.ask(f"api echo {n}\n\n".encode()) for n in range(20)]
    for command in switch.commands(20):
        switch.send(api_response(command.removeprefix("api echo ")))
    assert [promptly(each.get).reply for each in asking] == [str(n) for n in range(20)]


def test_a_pipeline_is_one_write_and_its_replies_are_in_order(both):
    subject, switch = both
    batch = [f"api echo {n}\n\n".encode() for n in range(5)]
    asking = gevent.spawn(subject.connection.pipeline, batch)
    assert len(switch.commands(5)) == 5
    switch.send(*(api_response(str(n)) for n in range(4)))
    gevent.sleep(0)
    assert not asking.ready()
    switch.send(api_response("4"))
    assert [frame.reply for frame in promptly(asking.get)] == list("01234")


def test_a_pipeline_and_a_command_do_not_mix_up(both):
    subject, switch = both
    three = gevent.spawn(subject.connection.pipeline, [STATUS] * 3)
    one = subject.ask()
    for n in range(4):
        switch.expect("api status", api_response(str(n)))
    assert [frame.reply for frame in promptly(three.get)] == list("012")
    assert promptly(one.get).reply == "3"


def test_no_reply_in_time(both):
    subject, _ = both
    with pytest.raises(ReplyTimeout, match=r"'api status' within 0\.02 s"):
        promptly(subject.ask(deadline=0.02).get)


def test_no_last_reply_of_a_pipeline_in_time(both):
    subject, switch = both
    asking = gevent.spawn(subject.connection.pipeline, [STATUS] * 3, deadline=0.05)
    for _ in range(2):
        switch.expect("api status", api_response())
    with pytest.raises(ReplyTimeout):
        promptly(asking.get)


def test_a_late_reply_reaches_nobody_else(both):
    subject, switch = both
    with pytest.raises(ReplyTimeout):
        promptly(subject.ask(b"api slow\n\n", deadline=0.02).get)
    second = subject.ask(b"api quick\n\n")
    switch.commands(2)
    switch.send(api_response("late"), api_response("in time"))
    assert promptly(second.get).reply == "in time"


def test_the_callers_own_timeout_stays_theirs(both):
    subject, _ = both
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
def test_refused_command(both, answer, reason):
    subject, switch = both
    asking = gevent.spawn(subject.connection.checked, b"api uuid_record x\n\n")
    switch.expect("api uuid_record", answer)
    with pytest.raises(CommandFailed) as caught:
        promptly(asking.get)
    assert caught.value.command == "api uuid_record x"
    assert reason in str(caught.value)


def test_the_first_refusal_of_several_counts(both):
    subject, switch = both
    asking = gevent.spawn(subject.connection.checked, b"api a\n\n", b"api b\n\n", b"api c\n\n")
    for answer in ("+OK", "-ERR second", "-ERR third"):
        switch.expect("api", api_response(answer))
    with pytest.raises(CommandFailed, match="'api b': second"):
        promptly(asking.get)


def test_text_with_line_breaks_is_not_sent(both):
    subject, switch = both
    with pytest.raises(UnsafeValue):
        subject.connection.send("api status\n\nexit")
    subject.connection.stop()
    assert switch.ended()


def test_small_commands_wait_for_nothing_and_dead_machines_are_noticed(both):
    subject, _ = both
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
    subject = Subject(sock)
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


def test_who_is_killed_while_waiting_leaves_their_reply_to_nobody(both):
    subject, switch = both
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


def test_events_are_delivered_in_order_and_between_replies(both):
    subject, switch = both
    asking = subject.ask()
    switch.command()
    switch.send(event("ONE"), api_response("up"), event("TWO"))
    assert promptly(asking.get).reply == "up"
    until(lambda: subject.events == ["ONE", "TWO"])


def test_a_failing_handler_keeps_no_event_from_the_next(both):
    subject, switch = both
    subject.handler = lambda event: 1 / 0
    switch.send(event("ONE"), event("TWO"))
    until(lambda: subject.events == ["ONE", "TWO"])
    assert not subject.connection.gone
    asking = subject.ask()
    switch.expect("api status", api_response("up"))
    assert promptly(asking.get).reply == "up"


def test_frames_that_nobody_knows_are_skipped(both):
    subject, switch = both
    switch.send(frame("log/data", b"text\n\n"), frame("text/event-json", b"{}"), event("ONE"))
    until(lambda: subject.events == ["ONE"])


# -- the end -------------------------------------------------------------------------------------


def test_an_end_without_a_hangup_is_a_lost_connection(both):
    subject, switch = both
    asking = subject.ask()
    switch.command()
    switch.close()
    with pytest.raises(ConnectionLost, match="closed the connection"):
        promptly(asking.get)
    assert not subject.connection.connected


def test_an_end_after_the_linger_notice_is_a_hangup(both):
    subject, switch = both
    asking = subject.ask()
    switch.command()
    switch.send(linger_notice())
    switch.close()
    with pytest.raises(CallGone) as caught:
        promptly(asking.get)
    assert not isinstance(caught.value, ConnectionLost)


@pytest.mark.parametrize("end", ["close", "vanish"])
def test_everybody_who_waits_is_told_and_later_callers_too(both, end):
    subject, switch = both
    asking = [subject.ask() for _ in range(3)]
    switch.commands(3)
    getattr(switch, end)()
    for each in asking:
        with pytest.raises(ConnectionLost):
            promptly(each.get)
    with pytest.raises(ConnectionLost):
        subject.connection.command(STATUS)
    assert len(subject.ends) == 1


def test_events_before_the_end_are_delivered(both):
    subject, switch = both
    switch.send(event("CHANNEL_HANGUP"), *[event("RECORD_STOP")] * 50, linger_notice())
    switch.close()
    until(lambda: subject.ends)
    assert subject.events == ["CHANNEL_HANGUP", *["RECORD_STOP"] * 50]


def test_replies_before_the_end_are_delivered(both):
    subject, switch = both
    first, second = subject.ask(), subject.ask()
    switch.commands(2)
    switch.send(api_response("up"))
    switch.close()
    assert promptly(first.get).reply == "up"
    with pytest.raises(ConnectionLost):
        promptly(second.get)


def test_an_end_inside_a_frame_delivers_what_was_whole(both):
    subject, switch = both
    switch.send(event("ONE"), event("TWO")[:-3])
    switch.close()
    until(lambda: subject.ends)
    assert subject.events == ["ONE"]
    assert "inside a frame" in subject.ends[0].reason


def test_stop_tells_who_waits(both):
    subject, switch = both
    asking = subject.ask()
    switch.command()
    subject.connection.stop()
    with pytest.raises(ConnectionLost, match="closed here"):
        promptly(asking.get)
    assert switch.ended()


def test_what_had_arrived_is_handled_before_stop(both):
    subject, switch = both
    switch.send(event("RECORD_STOP"), event("RECORD_STOP"))
    arrived(subject.connection)
    subject.connection.stop()
    assert subject.events == ["RECORD_STOP"] * 2


def test_stop_inside_a_handler(both):
    subject, switch = both
    subject.handler = lambda _: subject.connection.stop()
    asking = subject.ask()
    switch.command()
    switch.send(event("ONE"), event("TWO"))
    with pytest.raises(ConnectionLost):
        promptly(asking.get)
    assert subject.events == ["ONE", "TWO"]
    assert len(subject.ends) == 1


def test_stop_inside_the_end(both):
    subject, switch = both
    subject.connection.when_ended(lambda _: subject.connection.stop())
    switch.close()
    until(lambda: subject.ends)
    subject.connection.stop()
    assert len(subject.ends) == 1


def test_one_failing_listener_keeps_the_end_from_no_other(both):
    subject, switch = both
    told = []
    subject.connection.when_ended(lambda _: 1 / 0)
    subject.connection.when_ended(told.append)
    asking = subject.ask()
    switch.command()
    switch.close()
    with pytest.raises(ConnectionLost):
        promptly(asking.get)
    until(lambda: told)


def test_who_listens_after_the_end_is_told_at_once(both):
    subject, switch = both
    switch.close()
    until(lambda: subject.ends)
    told = []
    subject.connection.when_ended(told.append)
    assert [type(reason) for reason in told] == [ConnectionLost]


def test_everybody_gets_an_error_of_their_own(both):
    """One instance for all would gather the stack of everybody who raises it."""
    subject, switch = both
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
def test_what_is_no_event_socket_is_closed(both, garbage):
    subject, switch = both
    switch.send(garbage)
    until(lambda: subject.ends)
    assert isinstance(subject.ends[0], ConnectionLost)
    assert switch.ended()


def test_a_header_of_a_hundred_megabytes_is_refused_early(both):
    subject, switch = both
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
    before = descriptors()
    gone = []
    for _ in range(20):
        with connected() as (sock, switch):
            subject = Subject(sock)
            asking = subject.ask()
            switch.expect("api", api_response())
            promptly(asking.get)
            subject.connection.stop()
            gone.append(weakref.ref(subject.connection))
    del subject, asking, switch, sock
    gc.collect()
    assert not [each for each in gone if each()]
    assert descriptors() == before


# -- the switch's own event socket ---------------------------------------------------------------


AUTH = frame("auth/request")


@pytest.fixture
def inbound():
    """Connect to a scripted switch: (greenlet that connects, the switch)."""
    server = listener()
    opened = []

    def connect(password: str = "ClueCon", deadline: float = DEADLINE):
        def connecting() -> InboundConnection:
            host, port = server.getsockname()
            return InboundConnection(host, port, password, on_event=print, deadline=deadline)

        greenlet = gevent.spawn(connecting)
        switch = ScriptedSwitch(server.accept()[0])
        opened.extend([switch, greenlet])
        return greenlet, switch

    yield connect
    server.close()
    for each in opened:
        if isinstance(each, ScriptedSwitch):
            each.close()
        elif isinstance(each.value, InboundConnection):
            each.value.stop()


def test_log_in(inbound):
    connecting, switch = inbound()
    switch.send(AUTH)
    switch.expect("auth ClueCon", reply("+OK accepted"))
    connection = promptly(connecting.get)
    asking = gevent.spawn(connection.command, STATUS)
    switch.expect("api status", api_response("up"))
    assert promptly(asking.get).reply == "up"


def test_wrong_password_closes_the_connection(inbound):
    connecting, switch = inbound()
    switch.send(AUTH)
    switch.expect("auth", reply("-ERR invalid"))
    with pytest.raises(CommandFailed, match="invalid"):
        promptly(connecting.get)
    assert switch.ended()


def test_password_with_a_line_break_is_not_sent(inbound):
    connecting, switch = inbound(password="x\n\napi shutdown")
    switch.send(AUTH)
    with pytest.raises(UnsafeValue):
        promptly(connecting.get)
    assert switch.ended()


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        (b"", "does not speak the event socket"),
        (b"Content-Type: auth/req", "does not speak the event socket"),
        (b"HTTP/1.1 400 Bad Request\n\n", "without Content-Type"),
        (frame("text/rude-rejection", b"Access Denied, go away.\n"), "refuses this address"),
    ],
)
def test_no_greeting_of_a_switch(inbound, greeting, reason):
    connecting, switch = inbound(deadline=0.05)
    switch.send(greeting)
    with pytest.raises(ConnectionLost, match=reason):
        promptly(connecting.get)
    assert switch.ended()


def test_a_switch_that_closes_at_once(inbound):
    connecting, switch = inbound()
    switch.close()
    with pytest.raises(ConnectionLost):
        promptly(connecting.get)


def test_no_reply_to_the_password(inbound):
    connecting, switch = inbound(deadline=0.05)
    switch.send(AUTH)
    with pytest.raises(ReplyTimeout):
        promptly(connecting.get)
    assert switch.commands(1)
    assert switch.ended()


def test_nobody_listens():
    server = listener()
    host, port = server.getsockname()
    server.close()
    with pytest.raises(ConnectionLost, match=f"cannot reach {host}:{port}"):
        promptly(lambda: InboundConnection(host, port, "x", on_event=print))


def test_errors_are_one_family():
    for error in (ConnectionLost("x"), CommandFailed("a", "b"), ReplyTimeout(), UnsafeValue()):
        assert isinstance(error, SwitchError)
    assert isinstance(ConnectionLost("x"), CallGone)
    again = ConnectionLost("x").again()
    assert (type(again), again.reason) == (ConnectionLost, "x")
    assert issubclass(Hangs, AssertionError)
