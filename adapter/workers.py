"""Several worker processes on one pair of ports and one store.

The parent holds the ports and does nothing else. A worker that dies is replaced; its calls come
back over the dialplan to any of the others, which take them up where they stood.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import gevent
import structlog

from adapter.listeners import Listeners
from adapter.metric_files import MetricsFolder
from adapter.tally import Tally, shared_memory

log = structlog.get_logger()

READY_DEADLINE = 60.0
"""Seconds for a worker to say that it is ready."""

RESTART_PAUSE = 0.2
SHORT_LIFE, LONG_PAUSE = 5.0, 5.0
"""A worker that lived less than so many seconds fails again at once: the next waits so long."""


class Workers:
    """The worker processes of one `serve`."""

    def __init__(self, count: int, listeners: Listeners, options: list[str]) -> None:
        """`options` are those of `serve` that every worker gets."""
        self._listeners = listeners
        self._options = options
        self._stopping = False
        self._metrics = MetricsFolder()
        self._memory = shared_memory(count)
        self._tally = Tally(self._memory)
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._keepers = [gevent.spawn(self._keep, number) for number in range(count)]

    def wait_ready(self) -> None:
        """Until every worker takes calls; raises TimeoutError, ChildProcessError when one ends."""
        with gevent.Timeout(READY_DEADLINE, TimeoutError("the workers did not become ready")):
            for number in range(len(self._keepers)):
                while number not in self._processes:
                    gevent.sleep(0.01)
                line = self._first_line(self._processes[number])
                if not line.startswith("ready"):
                    raise ChildProcessError("a worker ended at its start; its reason stands above")

    def stop(self) -> None:
        """Tell all workers to end: each lets its calls finish. Told twice, they hurry."""
        self._stopping = True
        self._signal(signal.SIGTERM)

    def reload(self) -> None:
        """Tell all workers to read again what may change while they run."""
        self._signal(signal.SIGHUP)

    def join(self) -> None:
        """Wait until all workers have ended."""
        gevent.joinall(self._keepers)
        self._metrics.remove()

    def _signal(self, number: int) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(number)

    def _keep(self, number: int) -> None:
        while not self._stopping:
            started = time.monotonic()
            process = self._processes[number] = self._start(number)
            code = process.wait()
            self._metrics.worker_died(number)
            self._tally.forget(number)
            if self._stopping:
                return
            lived = time.monotonic() - started
            log.error("worker died, starting another", worker=number, exit_code=code)
            gevent.sleep(RESTART_PAUSE if lived > SHORT_LIFE else LONG_PAUSE)

    def _start(self, number: int) -> subprocess.Popen[str]:
        descriptors = (*self._listeners.descriptors, self._memory)
        command = [sys.executable, "-m", "adapter", "serve", *self._options]
        command += ["--worker", str(number), "--descriptors", ",".join(map(str, descriptors))]
        return subprocess.Popen(  # noqa: S603  # ourselves, with the options that we were given
            command,
            pass_fds=descriptors,
            env=self._metrics.environment(number),
            stdin=subprocess.PIPE,  # its end tells the worker that we are gone
            stdout=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def _first_line(process: subprocess.Popen[str]) -> str:
        return process.stdout.readline() if process.stdout else ""
