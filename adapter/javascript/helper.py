"""One helper process, seen from the adapter: started, asked, killed. Waits only as gevent waits.

An answer usually comes within 40 µs, less than it takes to go through the hub and back; so the
first 80 µs are waited for on the spot, and only then are other greenlets let in.

A runaway is known by the processor time it took, not by the clock: on a busy machine an innocent
expression may have to wait longer than the limit before it is run at all. One that took 5 ms goes
on at the lowest priority, so that it holds up nobody else, and its process is not used again.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from time import clock_gettime, monotonic, perf_counter
from typing import Final, NoReturn

from gevent import socket as gevent_socket

from adapter.javascript.limits import EngineLimits
from adapter.swml.errors import ExpressionError

_ON_THE_SPOT: Final = 80e-6
_SLICE: Final = 0.005
"""How often a slow evaluation is looked at, and the processor time after which it is slowed."""
_PATIENCE: Final = 10
"""Times the limit by the clock, after which a machine is too busy to wait for any longer."""
_LOWEST_PRIORITY: Final = 19
_LOOPS: Final = 0.8
"""Part of the time after which QuickJS itself ends a loop, which spares the process."""
_CHUNK: Final = 65_536
_WORKER: Final = Path(__file__).with_name("worker.py")
_KEPT_ENVIRONMENT: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TZ")


class HelperGoneError(Exception):
    """The process ended by itself (killed from outside, or out of memory)."""


class Helper:
    """A process that evaluates one expression at a time.

    `slowed` once an evaluation has taken long; `tell_slow` hears of it. Whoever sets `unwanted`
    ends what it evaluates.
    """

    def __init__(self, limits: EngineLimits, tell_slow: Callable[[Helper], None]) -> None:
        self._limits = limits
        self._tell_slow = tell_slow
        self._ready = False
        self.slowed = False
        self.unwanted = False
        self.idle_since = monotonic()
        ours, theirs = socket.socketpair()
        with theirs:
            os.set_blocking(theirs.fileno(), True)  # patched by gevent, it is not
            self.pid = _spawn(theirs.fileno(), limits)
        self._fd = ours.detach()
        os.set_blocking(self._fd, False)

    def ask(self, request: bytes) -> str:
        """The reply to a request.

        Raises ExpressionError when it takes too long, and the process is killed then; HelperGone
        when the process has ended by itself.
        """
        if not self._ready:
            self._wait_until_ready()
        began, taken_before = perf_counter(), self._processor_time()
        self._send(len(request).to_bytes(4, "big") + request)
        data = self._read_soon(began + _ON_THE_SPOT)
        while not _is_complete(data):
            in_time = self._wait(gevent_socket.wait_read, _SLICE)
            more = self._read()
            data += more
            if not more and not in_time:
                passed = perf_counter() - began
                self._judge(passed, self._processor_time() - taken_before)
        return data[4:].decode()

    def kill(self) -> None:
        """Ends the process at once."""
        if self._fd < 0:
            return
        os.close(self._fd)
        self._fd = -1
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _wait_until_ready(self) -> None:
        if not self._wait(gevent_socket.wait_read, self._limits.start):
            self._give_up("the JavaScript helper did not start in time")
        self._read()
        self._ready = True

    def _judge(self, passed: float, taken: float) -> None:
        """Slows an evaluation down, or ends it, by the seconds it was waited for and it took."""
        limit = self._limits.seconds
        if taken >= limit or passed >= limit * _PATIENCE:
            self._give_up(f"it took more than {round(limit * 1000)} ms")
        if self.unwanted:
            self._give_up("too many slow expressions at the same time")
        if taken >= _SLICE and not self.slowed:
            self.slowed = True
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self.pid, _LOWEST_PRIORITY)
            self._tell_slow(self)

    def _processor_time(self) -> float:
        """Seconds of processor time that the process has had: Linux's clock of another process."""
        try:
            return clock_gettime((~self.pid << 3) | 2)
        except OSError:
            return perf_counter()

    def _send(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                if not self._wait(gevent_socket.wait_write, self._limits.seconds):
                    self._give_up("the JavaScript helper does not listen")
            except OSError as error:
                raise HelperGoneError(str(error)) from None

    def _read_soon(self, until: float) -> bytes:
        while not (data := self._read()) and perf_counter() < until:
            pass
        return data

    def _read(self) -> bytes:
        """What there is to read now, if anything."""
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise HelperGoneError(str(error)) from None
        if not data:
            raise HelperGoneError("it closed its socket")
        return data

    def _wait(self, ready: Callable[..., None], seconds: float) -> bool:
        """Lets other greenlets run until the socket is ready; False when the time is over."""
        try:
            ready(self._fd, timeout=seconds)
        except TimeoutError:
            return False
        return True

    def _give_up(self, why: str) -> NoReturn:
        self.kill()
        raise ExpressionError(why)


def _is_complete(data: bytes) -> bool:
    return len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "big")


def _spawn(fd: int, limits: EngineLimits) -> int:
    spec = importlib.util.find_spec("_quickjs")
    if spec is None or spec.origin is None:
        raise ExpressionError("install quickjs-ng: SWML expressions are JavaScript")
    loops = limits.seconds * _LOOPS
    arguments = [str(Path(spec.origin).parent), limits.memory, limits.result, loops]
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", str(_WORKER), *map(str, arguments)],
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, fd, 0), (os.POSIX_SPAWN_DUP2, 2, 1)],
        setpgroup=0,
    )
