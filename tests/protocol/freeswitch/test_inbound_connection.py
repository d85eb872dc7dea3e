"""Connecting to the switch's own event socket, and logging in."""

import gevent
import pytest
from scripted_switch import (
    DEADLINE,
    Hangs,
    ScriptedSwitch,
    api_response,
    frame,
    listener,
    promptly,
    reply,
)
from subjects import STATUS

from adapter.freeswitch.connection import InboundConnection
from adapter.freeswitch.errors import (
    CallGone,
    CommandFailed,
    ConnectionLost,
    ReplyTimeout,
    SwitchError,
    UnsafeValue,
)

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
