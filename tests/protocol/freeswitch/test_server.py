"""Where calls arrive: who is let in, how many, and what a bad peer can do."""

import errno
import resource
from contextlib import contextmanager
from ipaddress import ip_network

import gevent
import pytest
from gevent.event import Event as Flag
from gevent.server import StreamServer
from scripted_switch import UUID, ScriptedSwitch, dial, event, promptly, until
from structlog.testing import capture_logs

from adapter.freeswitch.errors import CallGone
from adapter.freeswitch.server import CallServer

LOOPBACK = ip_network("127.0.0.0/8")


class Subject:
    """A server whose calls last until `release` is set; keeps what ran."""

    def __init__(self, **options) -> None:
        self.uuids: list[str] = []
        self.errors: list[Exception] = []
        self.release = Flag()
        settings = {"allow_from": [LOOPBACK], "max_calls": 100, **options}
        self.server = CallServer(("127.0.0.1", 0), self.handle, **settings)

    def handle(self, call) -> None:
        self.uuids.append(call.uuid)
        try:
            if not self.release.is_set():
                call.sleep(None)
        except CallGone as error:
            self.errors.append(error)

    def dial(self) -> ScriptedSwitch:
        return dial(self.server.address)


@contextmanager
def serving(**options):
    subject = Subject(**options)
    subject.server.start()
    try:
        yield subject
    finally:
        subject.server.stop()


@pytest.fixture
def subject():
    with serving() as subject:
        yield subject


def test_a_call_is_handled_and_given_back(subject):
    subject.release.set()
    switch = subject.dial()
    switch.take_over(to_stay=False)
    assert switch.ended()
    assert subject.uuids == [UUID]
    until(lambda: subject.server.calls == 0)


def test_calls_run_side_by_side(subject):
    switches = [subject.dial() for _ in range(5)]
    for switch in switches:
        switch.take_over()
    until(lambda: len(subject.uuids) == 5)
    assert subject.server.calls == 5
    for switch in switches:
        switch.close()
    until(lambda: subject.server.calls == 0)
    assert len(subject.errors) == 5


def test_a_burst_of_calls():
    """Five hundred at once: nobody is turned away by a short queue, and nobody is forgotten."""
    with serving(max_calls=1000) as subject, many_descriptors():
        subject.release.set()
        switches = [subject.dial() for _ in range(500)]
        served = [gevent.spawn(switch.take_over, to_stay=False) for switch in switches]
        gevent.joinall(served, timeout=20, raise_error=True)
        assert all(each.ready() for each in served)
        until(lambda: len(subject.uuids) == 500)
        until(lambda: subject.server.calls == 0)
        for switch in switches:
            switch.close()


@contextmanager
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def let_go(switch: ScriptedSwitch) -> bool:
    """Whether our commands to it were followed by the end of the connection."""
    switch.rest()
    return switch.ended(0.1)


def test_thousands_that_say_nothing_keep_nobody_out(monkeypatch):
    """They take no call's place, and the longest silent ones have to go."""
    monkeypatch.setattr("adapter.freeswitch.server.MAX_SILENT", 200)
    with serving(max_calls=2, connect_deadline=60) as subject, many_descriptors():
        silent = [subject.dial() for _ in range(1500)]
        switches = [subject.dial() for _ in range(2)]
        for switch in switches:
            switch.take_over()
        until(lambda: len(subject.uuids) == 2)
        assert subject.server.calls == 2
        assert let_go(silent[0])
        assert let_go(silent[1000])
        assert not let_go(silent[-1])
        for switch in (*silent, *switches):
            switch.close()


# -- who is let in -------------------------------------------------------------------------------


@pytest.mark.parametrize("networks", [[], ["10.0.0.0/8"], ["::1/128"], ["127.0.0.2/32"]])
def test_other_addresses_are_closed_at_once(networks):
    with serving(allow_from=[ip_network(each) for each in networks]) as subject:
        with capture_logs() as logs:
            assert subject.dial().ended()
        assert "allow_from" in logs[0]["event"]
        assert subject.uuids == []
        assert subject.server.calls == 0


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("11.1.2.3", False),
        ("::ffff:11.1.2.3", False),
        ("fd00::1", True),
        ("fd00::1%eth0", True),
        ("::1", False),
    ],
)
def test_allowed_addresses(host, allowed):
    networks = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    assert Subject(allow_from=networks).server._allowed(host) is allowed


def test_calls_over_the_limit_are_closed_at_once():
    with serving(max_calls=2) as subject:
        first, second = subject.dial(), subject.dial()
        for switch in (first, second):
            switch.take_over()
        until(lambda: subject.server.calls == 2)
        with capture_logs() as logs:
            assert subject.dial().ended()
        assert [entry["event"] for entry in logs] == ["call refused, limits.calls is reached"]
        first.close()
        until(lambda: subject.server.calls == 1)
        subject.dial().take_over()
        until(lambda: len(subject.uuids) == 3)


def test_the_limit_holds_for_connections_that_were_silent_together():
    with serving(max_calls=2) as subject:
        switches = [subject.dial() for _ in range(5)]
        for switch in switches:
            switch.take_over(to_stay=False)
        until(lambda: [let_go(switch) for switch in switches].count(True) == 3)
        assert subject.server.calls == 2


# -- bad peers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\n\n\n",
        b"Content-Type: command/reply\nReply-Text: +O",
        b"Content-Type: command/reply\nContent-Length: 100\n\nhalf",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_half_a_frame_and_silence_is_ended_by_the_deadline(said):
    with serving(connect_deadline=0.1) as subject:
        switch = subject.dial()
        switch.commands(2)
        switch.send(said)
        assert switch.ended(within=2)
        until(lambda: subject.server.calls == 0)
        assert subject.uuids == []


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\n\n", b"\0" * 300_000, b"a: b\n\n" * 1000])
def test_garbage_is_closed_at_once_and_harms_no_call(subject, garbage):
    good = subject.dial()
    good.take_over()
    bad = subject.dial()
    bad.commands(2)
    bad.send(garbage)
    assert bad.ended()
    until(lambda: subject.server.calls == 1)
    good.send(event("CHANNEL_HANGUP", Hangup_Cause="NORMAL_CLEARING"))
    until(lambda: subject.errors)
    assert "hung up" in str(subject.errors[0])


@pytest.mark.parametrize("end", ["close", "vanish"])
def test_peers_that_go_at_once_leave_nothing(subject, end):
    for _ in range(20):
        getattr(subject.dial(), end)()
    subject.release.set()
    last = subject.dial()
    last.take_over(to_stay=False)
    until(lambda: subject.uuids == [UUID])
    until(lambda: subject.server.calls == 0)


def test_a_call_that_fails_inside_the_adapter_ends_alone():
    def fail(call) -> None:
        raise RuntimeError("a bug")

    server = CallServer(("127.0.0.1", 0), fail, allow_from=[LOOPBACK], max_calls=5)
    server.start()
    try:
        for _ in range(2):
            switch = dial(server.address)
            switch.take_over(to_stay=False)
            assert switch.ended()
        until(lambda: server.calls == 0)
    finally:
        server.stop()


@pytest.mark.parametrize("problem", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ECONNABORTED])
def test_accept_fails_for_a_while(problem, monkeypatch):
    """No descriptors, no memory, a caller who is gone already: back off and go on."""
    accept, failures = StreamServer.do_read, []

    def failing(self):
        if len(failures) < 3:
            failures.append(problem)
            raise OSError(problem, "cannot accept")
        return accept(self)

    monkeypatch.setattr(StreamServer, "do_read", failing)
    with serving() as subject:
        switch = subject.dial()
        switch.take_over()
        assert len(failures) == 3
        until(lambda: subject.uuids == [UUID])
        switch.close()


# -- stopping ------------------------------------------------------------------------------------


def test_the_port_is_free_while_running_calls_go_on(subject):
    switch = subject.dial()
    switch.take_over()
    until(lambda: subject.server.calls == 1)
    address = subject.server.address
    subject.server.stop_accepting()
    successor = CallServer(address, lambda call: None, allow_from=[LOOPBACK], max_calls=1)
    successor.start()
    assert successor.address == address
    assert dial(address).command() == "connect"
    successor.stop()
    assert subject.server.calls == 1
    assert not subject.server.join(0.01)
    switch.send(event("CHANNEL_HANGUP"))
    assert subject.server.join(5)


def test_stop_ends_what_runs_and_gives_the_calls_back(subject):
    switches = [subject.dial() for _ in range(3)]
    for switch in switches:
        switch.take_over()
    until(lambda: len(subject.uuids) == 3)
    promptly(subject.server.stop)
    assert subject.server.calls == 0
    assert all(switch.ended() for switch in switches)
    assert subject.server.join(0)


def test_a_port_that_is_taken(subject):
    other = CallServer(subject.server.address, lambda _: None, allow_from=[], max_calls=1)
    with pytest.raises(OSError, match="in use"):
        other.start()
