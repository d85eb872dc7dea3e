"""Time that is skipped: when nothing is left to do, the clock jumps to whatever comes next.

A call that sleeps for an hour is then simulated in milliseconds, by the very code that would wait
for an hour. While it is entered, a `SkippedTime` stands behind gevent's timers (every `sleep`,
time-out and `spawn_later` of this thread) and behind `time.time` and `time.monotonic`.

Rules
- Time stands still while greenlets run, however long they compute.
- It jumps only when the loop has nothing to do and nobody outside is at work for us. What is on its
  way through a loopback socket gets a breath of real time to arrive before a long jump.
- While a native thread (the store's), a helper process or the network is waited for, time is real:
  their deadlines mean what they say. Threads are noticed, the others are announced: `with outside`.
- One timer at a time, in the order of their moments, so that a run repeats itself.
"""

from __future__ import annotations

import heapq
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, Self

import gevent

TICK_SECONDS = 1e-4
"""How much later than asked a timer fires: none is exact, and a loop may rely on that."""

LONG_JUMP = 0.05
"""Seconds from which a jump could pass by what is still in a socket: more than two of the switch's
ticks of 20 ms."""

BREATH = 0.001
"""Real seconds; the kernel hands bytes over on loopback in some 0.02 ms."""

_Callback = Callable[..., Any]


class Clock(Protocol):
    """What a simulation needs of time."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def outside(self) -> AbstractContextManager[None]:
        """Wait for somebody outside this thread."""

    def hold(self) -> None:
        """Let time be real until `release`."""

    def release(self) -> None:
        """Ends one `hold`."""

    def __enter__(self) -> object: ...

    def __exit__(self, *_: object) -> None: ...


class RealTime:
    """The clock of who wants to wait."""

    def __init__(self) -> None:
        self.monotonic = time.monotonic

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Time is real anyway."""
        yield

    def hold(self) -> None:
        """Time is real anyway."""

    def release(self) -> None:
        """Time stays real."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


class SkippedTime:
    """A clock that is entered around a simulation, in the thread that runs it."""

    def __init__(self) -> None:
        self._monotonic, self._time = time.monotonic, time.time
        self._now = self._began = self._monotonic()
        self._epoch = self._time()
        self._outside = 0
        self._real_since = 0.0
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = 0
        self._breathed = -1

    # -- what it stands in for -----------------------------------------------------------------

    def __enter__(self) -> Self:
        hub = gevent.get_hub()
        self._loop = hub.loop
        self._idle = self._loop.idle(priority=self._loop.MINPRI)
        self._alarm: Any = None
        hub.loop = _Loop(self._loop, self)
        time.monotonic, time.time = self.monotonic, self.time
        return self

    def __exit__(self, *_: object) -> None:
        time.monotonic, time.time = self._monotonic, self._time
        gevent.get_hub().loop = self._loop
        self._idle.close()
        self._set_alarm(None)

    def monotonic(self) -> float:
        """Seconds, as `time.monotonic` counts them."""
        return self._now + (self._monotonic() - self._real_since if self._outside else 0.0)

    def time(self) -> float:
        """Unix seconds: those of the moment of its making, and what has passed since."""
        return self._epoch + self.monotonic() - self._began

    # -- the world outside -----------------------------------------------------------------------

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Wait for somebody outside this thread: time is real meanwhile."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    def hold(self) -> None:
        """Let time be real until `release`."""
        if not self._outside:
            self._real_since = self._monotonic()
        self._outside += 1
        self._arm()

    def release(self) -> None:
        """Ends one `hold`."""
        self._now = self.monotonic()
        self._outside -= 1
        self._real_since = self._monotonic()
        self._arm()

    # -- timers ----------------------------------------------------------------------------------

    def start(self, timer: Timer, seconds: float) -> None:
        """Have `timer` fire in so many seconds."""
        self._count += 1
        timer.started = (self.monotonic() + max(seconds, 0.0) + TICK_SECONDS, self._count)
        heapq.heappush(self._timers, (*timer.started, timer))
        self._arm()

    def _next(self) -> float | None:
        """The moment of the next timer that is still wanted."""
        while self._timers:
            moment, count, timer = self._timers[0]
            if timer.started == (moment, count):
                return moment
            heapq.heappop(self._timers)
        return None

    def _arm(self) -> None:
        """Watch for what lets time go on: silence in here, or, waiting for others, real time."""
        moment = self._next()
        if moment is None or self._outside:
            self._idle.stop()
            self._set_alarm(None if moment is None else moment - self.monotonic())
        elif not self._idle.active:
            self._set_alarm(None)
            self._idle.start(self._on_silence)

    def _set_alarm(self, seconds: float | None, then: _Callback | None = None) -> None:
        if self._alarm is not None:
            self._alarm.close()
            self._alarm = None
        if seconds is not None:
            self._alarm = self._loop.timer(max(seconds, 0.0))
            self._alarm.start(then or self._fire)

    def _on_silence(self) -> None:
        """Nothing is to be done in this turn of the loop."""
        moment = self._next()
        if moment is None:
            self._idle.stop()
        elif moment - self._now > LONG_JUMP and self._loop.iteration > self._breathed + 1:
            self._idle.stop()
            self._set_alarm(BREATH, self._on_breath)
        else:
            self._now = max(self._now, moment)
            self._breathed = -1
            self._fire()

    def _on_breath(self) -> None:
        self._breathed = self._loop.iteration
        self._arm()

    def _fire(self) -> None:
        """The next timer's moment has come."""
        moment = self._next()
        if moment is not None and moment <= self.monotonic():
            heapq.heappop(self._timers)[2].fire()
        self._arm()


class Timer:
    """What gevent knows as a timer watcher."""

    def __init__(self, clock: SkippedTime, after: float, repeat: float) -> None:
        self.started: tuple[float, int] | None = None  # its moment, and which start it was
        self.callback: _Callback | None = None
        self.args: tuple[Any, ...] = ()
        self.pending = False
        self._clock = clock
        self._after = after
        self._repeat = repeat

    @property
    def active(self) -> bool:
        """Whether it will fire."""
        return self.started is not None

    def start(self, callback: _Callback, *args: Any, update: bool | None = None) -> None:  # noqa: ARG002
        """Call `callback(*args)` once the time is over; `update` is of no use here."""
        self.callback, self.args = callback, args
        self._clock.start(self, self._after)

    def again(self, callback: _Callback, *args: Any, update: bool | None = None) -> None:
        """Start anew, with the time of repetition."""
        self._after = self._repeat
        self.start(callback, *args, update=update)

    def stop(self) -> None:
        """Forget it."""
        self.started = self.callback = None
        self.args = ()

    close = stop

    def fire(self) -> None:
        """Its time is over."""
        callback, args, self.started = self.callback, self.args, None
        if self._repeat:
            self._clock.start(self, self._repeat)
        try:
            if callback is not None:
                callback(*args)
        except BaseException:
            gevent.get_hub().handle_error(self, *sys.exc_info())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Loop:
    """gevent's loop, but for its timers, and with an eye on native threads."""

    def __init__(self, loop: Any, clock: SkippedTime) -> None:
        self._loop = loop
        self._clock = clock
        self.run_callback = loop.run_callback  # called for every switch between greenlets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    @property
    def error_handler(self) -> Any:
        """The hub, while it runs: without it an error in a callback ends gevent's loop."""
        return self._loop.error_handler

    @error_handler.setter
    def error_handler(self, handler: Any) -> None:
        self._loop.error_handler = handler

    def timer(
        self,
        after: float,
        repeat: float = 0.0,
        ref: bool = True,  # noqa: ARG002  (gevent's own signature)
        priority: int | None = None,  # noqa: ARG002
    ) -> Timer:
        return Timer(self._clock, after, repeat)

    def now(self) -> float:
        return self._clock.time()

    def async_(self, *args: Any, **options: Any) -> _FromThread:
        return _FromThread(self._loop.async_(*args, **options), self._clock)


class _FromThread:
    """A watcher that a native thread fires when it is done: it is at work until then."""

    def __init__(self, watcher: Any, clock: SkippedTime) -> None:
        self._watcher = watcher
        self._clock = clock
        self._waiting = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._watcher, name)

    def start(self, callback: _Callback, *args: Any) -> None:
        self._watcher.start(callback, *args)
        if not self._waiting:
            self._waiting = True
            self._clock.hold()

    def stop(self) -> None:
        self._watcher.stop()
        self._done()

    def close(self) -> None:
        self._watcher.close()
        self._done()

    def _done(self) -> None:
        if self._waiting:
            self._waiting = False
            self._clock.release()
