"""One helper process, seen from the adapter: started, asked, killed. Waits only as gevent waits.

An answer usually comes within 40 µs, less than it takes to go through the hub and back; so the
first 80 µs are waited for on the spot, and only then are other greenlets let in. One that is not
there after 5 ms is most likely a runaway: it goes on at the lowest priority, so that it cannot take
the processor from others, and its process is not used again.
"""

import contextlib
import importlib.util
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final, NoReturn

from gevent import socket as gevent_socket

from adapter.javascript.limits import EngineLimits
from adapter.swml.errors import ExpressionError

_ON_THE_SPOT: Final = 80e-6
_SOON: Final = 0.005
_LOWEST_PRIORITY: Final = 19
_LOOPS: Final = 0.8
"""Part of the time after which QuickJS itself ends a loop, which spares the process."""
_CHUNK: Final = 65_536
_WORKER: Final = Path(__file__).with_name("worker.py")
_KEPT_ENVIRONMENT: Final = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TZ")


class HelperGoneError(Exception):
    """The process ended by itself (killed from outside, or out of memory)."""


class Helper:
    """A process that evaluates one expression at a time."""

    def __init__(self, limits: EngineLimits) -> None:
        self._limits = limits
        self._ready = False
        self.slowed = False
        self.idle_since = 0.0
        ours, theirs = socket.socketpair()
        with theirs:
            os.set_blocking(theirs.fileno(), True)  # patched by gevent, it is not
            self.pid = _spawn(theirs.fileno(), limits)
        self._fd = ours.detach()
        self._data = b""
        os.set_blocking(self._fd, False)

    def ask(self, request: bytes) -> str:
        """The reply to a request.

        Raises ExpressionError when it takes too long, and the process is killed then; HelperGone
        when the process has ended by itself.
        """
        if not self._ready:
            self._receive(self._limits.start, "the JavaScript helper did not start in time")
            self._ready = True
        milliseconds = round(self._limits.seconds * 1000)
        late = f"it took more than {milliseconds} ms"
        self._send(len(request).to_bytes(4, "big") + request, late)
        if not self._comes_soon():
            self._slow_down()
        return self._receive(self._limits.seconds - _SOON, late)

    def kill(self) -> None:
        """Ends the process at once."""
        if self._fd < 0:
            return
        os.close(self._fd)
        self._fd = -1
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _send(self, data: bytes, late: str) -> None:
        deadline = perf_counter() + self._limits.seconds
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                if not self._wait(gevent_socket.wait_write, deadline):
                    self._give_up(late)
            except OSError as error:
                raise HelperGoneError(str(error)) from None

    def _receive(self, seconds: float, late: str) -> str:
        deadline = perf_counter() + seconds
        data, self._data = self._data, b""
        while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
            in_time = self._wait(gevent_socket.wait_read, deadline)
            more = self._read()
            if more is not None:
                data += more
            elif not in_time:
                self._give_up(late)
        return data[4:].decode()

    def _comes_soon(self) -> bool:
        start = perf_counter()
        self._data = self._read_soon(start + _ON_THE_SPOT) or b""
        return bool(self._data) or self._wait(gevent_socket.wait_read, start + _SOON)

    def _slow_down(self) -> None:
        self.slowed = True
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, _LOWEST_PRIORITY)

    def _read_soon(self, until: float) -> bytes | None:
        while (data := self._read()) is None and perf_counter() < until:
            pass
        return data

    def _read(self) -> bytes | None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return None
        except OSError as error:
            raise HelperGoneError(str(error)) from None
        if not data:
            raise HelperGoneError("it closed its socket")
        return data

    def _wait(self, ready: Callable[..., None], deadline: float) -> bool:
        """Lets other greenlets run until the socket is ready; False when the deadline passed."""
        try:
            ready(self._fd, timeout=max(deadline - perf_counter(), 0.0))
        except TimeoutError:
            return False
        return True

    def _give_up(self, why: str) -> NoReturn:
        self.kill()
        raise ExpressionError(why)


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
