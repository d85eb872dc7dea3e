"""Who is at the other end of an event socket, as the switch and the commands see it: what it may
say, what it wants to hear, and which call it controls. Its socket is `connection`'s.
"""

from adapter.simswitch.channel_state import State
from adapter.simswitch.events import Event
from adapter.simswitch.session import Session
from adapter.simswitch.subscription import Subscription


class Peer:
    """`session` is the call of an outbound connection."""

    def __init__(self, session: Session | None, *, full: bool, runs_async: bool) -> None:
        self.session = session
        self.full, self.runs_async = full, runs_async
        self.authenticated = session is not None
        self.subscription = Subscription()
        self.linger: int | None = None
        self.resumes = False
        self.connected = False
        self.ends_after_reply = False
        """`exit`: the reply goes out, then the goodbye."""

    def deliver(self, event: Event) -> None:
        """Queues an event; it goes out after the reply at hand, or at the next look."""
        raise NotImplementedError

    def call_gone(self) -> None:
        """The call hung up: the peer is told, and the socket lingers or closes."""
        raise NotImplementedError

    def end(self) -> None:
        """Says goodbye and closes."""
        raise NotImplementedError

    def cut(self) -> None:
        """Breaks the connection without a word."""
        raise NotImplementedError

    def let_go(self) -> None:
        """The connection ended: its call, if it lives, is not controlled any more."""
        session = self.session
        if session is None:
            return
        channel = session.channel
        session.controlled = False
        resumes = self.resumes or channel.is_true("socket_resume")
        if resumes and channel.ready:
            channel.state = State.RESET
            channel.changed()
        session.wake()
