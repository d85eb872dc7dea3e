"""Handlers of a call's events: whose lines of the log they write."""

from structlog.contextvars import bound_contextvars, get_contextvars

from adapter.freeswitch.handlers import Handlers
from adapter.freeswitch.wire import Event


def test_what_a_handler_logs_names_its_call():
    """Events are read in the hub, which works for all calls."""
    handlers, heard = Handlers(), []
    with bound_contextvars(call_id="one"):
        handlers.on("DTMF", lambda _: heard.append(get_contextvars()))
        handlers.watch(["two"], ["CHANNEL_HANGUP"], lambda _: heard.append(get_contextvars()))
    handlers.tell(Event(b"Event-Name: DTMF\n"))
    assert handlers.tell_watcher(Event(b"Event-Name: CHANNEL_HANGUP\nUnique-ID: two\n"))
    assert heard == [{"call_id": "one"}] * 2
    assert not get_contextvars()
