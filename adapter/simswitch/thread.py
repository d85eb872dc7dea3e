"""The greenlet of a call as it waits: who wakes it, and when it notices what has changed.

Source: switch_core_session.c (switch_core_session_wake_session_thread), switch_ivr.c.

Rules
- A hangup from outside is noticed at the next 20 ms tick, as a thread that reads media does.
- In flat pace nothing takes time.
"""

from enum import Enum, auto

import gevent
from gevent.event import Event as Wakeup

from adapter.simswitch.audio import FRAME_MS
from adapter.simswitch.channel import Channel
from adapter.simswitch.player import LONG_WAIT


class Ending(Enum):
    """How a wait ended: its time was up, something broke it off, or the call cannot go on."""

    DONE = auto()
    BROKEN = auto()
    GONE = auto()


class CallThread:
    """Waits for one channel."""

    def __init__(self, channel: Channel, *, flat: bool) -> None:
        self.channel, self.flat = channel, flat
        self.broken = False
        self.companion: CallThread | None = None
        self._greenlet: gevent.Greenlet | None = None
        self._notices_late = False
        self._wakeup = Wakeup()
        channel.on_change = self.wake

    def wake(self) -> None:
        """Something changed. A hangup from outside is noticed at the next tick only."""
        if self.channel.down and gevent.getcurrent() is not self._greenlet:
            self._notices_late = not self.flat
        self._wakeup.set()
        if self.companion is not None:
            self.companion.rouse()

    def rouse(self) -> None:
        """Somebody else's call has changed, and this one may wait for that."""
        self._wakeup.set()

    def can_go_on(self) -> bool:
        """Whether applications may go on; a call that is down says so once the tick is over."""
        if not self.channel.ready and self._notices_late:
            self._notices_late = False
            gevent.sleep(self.channel.seconds_until(self.channel.frame_now + 1))
        return self.channel.ready

    def break_off(self) -> None:
        """uuid_break: ends what plays or waits."""
        self.broken = True
        self.wake()

    def pause(self, seconds: float) -> None:
        """Lets up to `seconds` pass, less if something happened."""
        self._wakeup.clear()
        self._wakeup.wait(None if self.flat else max(0.0, seconds))

    def take_break(self) -> bool:
        """Whether it was to be broken off; the next wait begins anew."""
        broken, self.broken = self.broken, False
        return broken

    def look_again(self) -> float:
        """Digits are taken one a tick; without any the wake-up is enough."""
        return FRAME_MS / 1000 if self.channel.digits else LONG_WAIT
