"""What a recording hears of its call, and how much may wait."""

from types import SimpleNamespace

from gevent.queue import Queue

from adapter.freeswitch.wire import Event
from adapter.recording.hearing import DIGITS_LIMIT, Hearing
from adapter.recording.state import Digit, HungUp


class FakeCall:
    lost, rate = False, 8000

    def __init__(self):
        self.handlers = {}

    def on(self, name, handler):
        self.handlers[name] = handler
        return lambda: self.handlers.pop(name)

    def when_ended(self, _callback):
        pass


def hearing(*, digits):
    call, inbox = FakeCall(), Queue()
    made = Hearing(call, "recording-1", SimpleNamespace(), inbox)
    made.begin(digits=digits)
    return call, inbox, made


def test_a_caller_who_presses_without_end_fills_no_memory():
    call, inbox, _ = hearing(digits=True)
    for _ in range(3 * DIGITS_LIMIT):
        call.handlers["DTMF"](Event(b"Event-Name: DTMF\nDTMF-Digit: 5\n"))
    call.handlers["CHANNEL_HANGUP"](None)
    heard = [inbox.get() for _ in range(inbox.qsize())]
    assert heard == [Digit("5")] * DIGITS_LIMIT + [HungUp()]


def test_digits_are_heard_where_they_count_and_nothing_after_the_end():
    call, _, made = hearing(digits=False)
    assert "DTMF" not in call.handlers
    made.end()
    assert call.handlers == {}
