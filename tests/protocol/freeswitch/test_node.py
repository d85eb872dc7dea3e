"""The connection to a switch's own event socket, and that it comes back."""

import gevent
import pytest
from scripted_switch import (
    DEADLINE,
    ScriptedSwitch,
    api_response,
    event,
    frame,
    listener,
    promptly,
    reply,
    until,
)

from adapter.freeswitch import node as node_module
from adapter.freeswitch.errors import CommandFailed, ConnectionLost
from adapter.freeswitch.node import Node


class Subject:
    """A node under test, the port that its switch listens on, and what the node told."""

    def __init__(self) -> None:
        self.listener = listener()
        self.switches: list[ScriptedSwitch] = []
        self.ups: list[str] = []
        self.events: list[str] = []
        self.on_up = lambda: None
        host, port = self.listener.getsockname()
        self.node = Node(
            host,
            port,
            "ClueCon",
            events=("RECORD_STOP", "CHANNEL_DESTROY"),
            on_event=lambda event: self.events.append(event.name),
            on_up=self._on_up,
            deadline=0.5,
        )

    def _on_up(self, node: Node) -> None:
        self.ups.append(node.name)
        self.on_up()

    def accept(self) -> ScriptedSwitch:
        self.listener.settimeout(DEADLINE)
        self.switches.append(ScriptedSwitch(self.listener.accept()[0]))
        return self.switches[-1]

    def log_in(self) -> ScriptedSwitch:
        """The node connects and finds a switch named `one`."""
        switch = self.accept()
        switch.send(frame("auth/request"))
        switch.expect("auth ClueCon", reply("+OK accepted"))
        switch.expect("event plain RECORD_STOP CHANNEL_DESTROY")
        switch.expect("api switchname", api_response("one\n"))
        return switch


@pytest.fixture
def subject(monkeypatch):
    monkeypatch.setattr(node_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(node_module, "LONGEST_PAUSE", 0.02)
    subject = Subject()
    subject.node.start()
    yield subject
    subject.node.stop()
    subject.listener.close()
    for switch in subject.switches:
        switch.close()


def test_a_switch_that_is_up(subject):
    switch = subject.log_in()
    until(lambda: subject.ups == ["one"])
    assert subject.node.up
    asking = gevent.spawn(subject.node.api, b"api status\n\n")
    switch.expect("api status", api_response("UP\n"))
    assert promptly(asking.get) == "UP"
    switch.send(event("RECORD_STOP"))
    until(lambda: subject.events == ["RECORD_STOP"])


def test_a_switch_that_went_away_is_found_again(subject):
    first = subject.log_in()
    until(lambda: subject.node.up)
    first.vanish()
    until(lambda: not subject.node.up)
    with pytest.raises(ConnectionLost, match="no connection to the switch"):
        subject.node.api(b"api status\n\n")
    second = subject.log_in()
    until(lambda: subject.ups == ["one", "one"])
    second.send(event("RECORD_STOP"))
    until(lambda: subject.events == ["RECORD_STOP"])


@pytest.mark.parametrize("refused", ["auth", "event plain", "api switchname"])
def test_a_log_in_that_fails_leaves_no_connection_behind(subject, refused):
    switch = subject.accept()
    switch.send(frame("auth/request"))
    for start in ("auth", "event plain", "api switchname"):
        if start == refused:
            switch.expect(start, reply("-ERR no"))
            break
        switch.expect(start)
    assert switch.ended()
    assert not subject.node.up
    subject.log_in()
    until(lambda: subject.node.up)


def test_a_failure_inside_the_adapter_connects_anew_and_hears_nothing_twice(subject):
    subject.on_up = lambda: 1 / 0
    first = subject.log_in()
    assert first.ended()
    subject.on_up = lambda: None
    second = subject.log_in()
    until(lambda: len(subject.ups) == 2)
    second.send(event("RECORD_STOP"))
    until(lambda: subject.events)
    assert subject.events == ["RECORD_STOP"]


def test_a_refused_command_keeps_the_connection(subject):
    switch = subject.log_in()
    until(lambda: subject.node.up)
    asking = gevent.spawn(subject.node.api, b"api uuid_kill x\n\n")
    switch.expect("api uuid_kill", api_response("-ERR No such channel!\n"))
    with pytest.raises(CommandFailed, match="No such channel"):
        promptly(asking.get)
    assert subject.node.up


def test_stop(subject):
    switch = subject.log_in()
    until(lambda: subject.node.up)
    subject.node.stop()
    assert switch.ended()
    assert not subject.node.up
    subject.node.stop()
