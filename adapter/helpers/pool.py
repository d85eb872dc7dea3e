"""A few helper processes, started when first needed, each doing one thing at a time."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any

import gevent
import structlog
from gevent import subprocess
from gevent.lock import BoundedSemaphore

from adapter.helpers.errors import HelperError

log = structlog.get_logger()

STOP_SECONDS = 1.0


class Helpers:
    """Runs functions by name in other processes, `count` at the same time; others wait."""

    def __init__(self, count: int = 2) -> None:
        self._places = BoundedSemaphore(count)
        self._idle: list[_Helper] = []
        self._busy: set[_Helper] = set()
        self._closed = False

    def run(self, function: str, *, deadline: float, **arguments: Any) -> Any:
        """What `module:function` returns for these arguments (JSON both ways).

        `deadline` is in seconds, the wait for a free helper included; raises HelperError.
        """
        self._check_open()
        too_late = HelperError(f"{function} took more than {deadline} s")
        with gevent.Timeout(deadline, too_late), self._places:
            return self._ask(function, arguments)

    def _check_open(self) -> None:
        if self._closed:
            raise HelperError("the adapter is stopping")

    def _ask(self, function: str, arguments: dict[str, Any]) -> Any:
        helper = self._idle.pop() if self._idle else _Helper()
        if self._closed:  # while the process was being started
            helper.kill()
            raise HelperError("the adapter is stopping")
        self._busy.add(helper)
        try:
            self._check_open()  # it may have been closed while the process was started
            answer = helper.ask({"function": function, "arguments": arguments})
        except BaseException:
            helper.kill()
            raise
        finally:
            self._busy.discard(helper)
        if self._closed:
            helper.kill()
        else:
            self._idle.append(helper)
        if "error" in answer:
            raise HelperError(f"{function}: {answer['error']}")
        return answer.get("value")

    def close(self) -> None:
        """End them all; what still runs fails."""
        self._closed = True
        for helper in [*self._idle, *self._busy]:
            helper.kill()
        self._idle.clear()


class _Helper:
    """One process. What it writes to its standard error goes where ours goes."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "adapter.helpers.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        log.debug("helper started", pid=self._process.pid)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError as error:
            raise HelperError(f"a helper process ended: {error}") from error
        if not line:
            raise HelperError("a helper process ended while it worked: out of memory?")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def kill(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError, RuntimeError):
                pipe.close()
        gevent.spawn(self._process.wait, STOP_SECONDS)
