"""What is tested, each with a scripted switch at its other end."""

import gevent
from scripted_switch import DEADLINE, ScriptedSwitch, promptly

from adapter.freeswitch.call import Call
from adapter.freeswitch.connection import OutboundConnection

STATUS = b"api status\n\n"


class ConnectionSubject:
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


def opened(call: Call, switch: ScriptedSwitch, **channel: str) -> None:
    opening = gevent.spawn(call.open)
    switch.take_over(**channel)
    promptly(opening.get)


def executing(call: Call, switch: ScriptedSwitch, **options) -> tuple[gevent.Greenlet, str]:
    """Somebody who waits for an application's end, and its Event-UUID; the switch has said +OK."""
    greenlet = gevent.spawn(call.execute, "playback", "a.wav", **options)
    return greenlet, switch.executed()
