"""Evaluates SWML's JavaScript: what is bounded by its text here, all else in helper processes.

They are started when the first such expression comes. Two helpers are idle and ready, as far as
there may be so many: when one is taken, the next is being started, which takes as long as many
expressions. Evaluations wait, as gevent waits, only when there are `EngineLimits.helpers` of them
at once.

An expression that runs away must hold up no other call. After 5 ms its helper goes on beside the
others, no longer counted, at the lowest priority. There is a limit to these as well: one more ends
the oldest. Its source is remembered: next time it shares a few places with its like.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from time import monotonic
from typing import Any, Final

import structlog
from gevent.lock import BoundedSemaphore
from gevent.queue import Empty, LifoQueue

from adapter.javascript.helper import Helper, HelperGoneError
from adapter.javascript.limits import EngineLimits
from adapter.javascript.nearby import Nearby
from adapter.javascript.zones import zones_in
from adapter.swml.errors import ExpressionError
from adapter.swml.expressions import UNDEFINED

log = structlog.get_logger()

_KEPT: Final = 2
"""Idle helpers that are never let go: one to use and one to spare."""

_BUSY: Final = "all JavaScript helpers are busy"

_REMEMBERED: Final = 4096
"""Sources of slow expressions; beyond that the one that was slow longest ago is forgotten."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Engine:
    """The JavaScript engine of a process. `evaluate` is an `Evaluator` for the interpreter.

    It belongs to one thread, and any number of greenlets in it.
    """

    def __init__(self, limits: EngineLimits | None = None) -> None:
        self._limits = limits or EngineLimits()
        self._nearby = Nearby(self._limits)
        self._idle: LifoQueue[Helper] = LifoQueue()
        self._helpers: set[Helper] = set()
        self._slow: dict[Helper, None] = {}
        self._heavy: dict[str, None] = {}
        self._heavy_places = BoundedSemaphore(self._limits.heavy)
        self._ended: list[int] = []
        self._waiting = 0
        self._closed = False

    @property
    def helpers(self) -> int:
        """Processes that are running now."""
        return len(self._helpers)

    @property
    def slow(self) -> int:
        """Evaluations that go on beside the others now, since they take long."""
        return len(self._slow)

    def evaluate(self, source: str, names: Mapping[str, Any]) -> Any:
        """The value of an expression with `names` bound to JSON values. Raises ExpressionError."""
        if self._closed:
            raise ExpressionError("the JavaScript engine is closed")
        text = _request(source, names)
        if self._nearby.takes(source, text) and (reply := self._nearby.ask(text)) is not None:
            return _value(reply)
        request = text.encode()
        if len(request) > self._limits.request:
            raise ExpressionError("the variables it uses are too large")
        if source not in self._heavy:
            return _value(self._ask(source, request))
        if not self._heavy_places.acquire(timeout=self._limits.wait):
            raise ExpressionError(f"{_BUSY} with slow expressions")
        try:
            return _value(self._ask(source, request))
        finally:
            self._heavy_places.release()

    def close(self) -> None:
        """Ends all helpers. An evaluation that still runs fails."""
        self._closed = True
        for helper in list(self._helpers):
            self._drop(helper)

    def _ask(self, source: str, request: bytes) -> str:
        helper = self._take()
        try:
            reply = helper.ask(request)
        except HelperGoneError as error:
            self._drop(helper)
            raise ExpressionError(f"the JavaScript helper ended: {error}") from None
        except BaseException:
            self._drop(helper)
            raise
        finally:
            self._slow.pop(helper, None)
            if helper.slowed:
                self._remember(source)
        self._give_back(helper)
        return reply

    def _remember(self, source: str) -> None:
        self._heavy.pop(source, None)
        self._heavy[source] = None
        if len(self._heavy) > _REMEMBERED:
            del self._heavy[next(iter(self._heavy))]

    def _set_apart(self, helper: Helper) -> None:
        """Lets a slow evaluation go on beside the others; the oldest ends if there are too many."""
        self._slow[helper] = None
        for oldest in islice(self._slow, max(0, len(self._slow) - self._limits.slow)):
            oldest.unwanted = True
        self._start_spare()

    @property
    def _is_full(self) -> bool:
        return len(self._helpers) - len(self._slow) >= self._limits.helpers

    def _take(self) -> Helper:
        with contextlib.suppress(Empty):
            helper: Helper = self._idle.get_nowait()
            self._start_spare()
            return helper
        if not self._is_full:
            helper = self._start()
            self._start_spare()
            return helper
        self._waiting += 1
        try:
            helper = self._idle.get(timeout=self._limits.wait)
        except Empty:
            raise ExpressionError(_BUSY) from None
        finally:
            self._waiting -= 1
        return helper

    def _start_spare(self) -> None:
        """Sees to it that helpers are idle. One that is being started is the last to be taken."""
        if self._idle.empty() and not self._is_full:
            self._idle.put(self._start())
        while self._idle.qsize() < _KEPT and not self._is_full:
            self._idle.queue.insert(0, self._start())

    def _start(self) -> Helper:
        self._reap()
        helper = Helper(self._limits, self._set_apart)
        self._helpers.add(helper)
        log.debug("javascript helper started", pid=helper.pid, helpers=len(self._helpers))
        return helper

    def _give_back(self, helper: Helper) -> None:
        if self._closed or helper.slowed:
            self._drop(helper)
            return
        now = monotonic()
        helper.idle_since = now
        self._idle.put(helper)
        if self._idle.qsize() > _KEPT:
            self._let_go(now - self._limits.idle)

    def _let_go(self, since: float) -> None:
        oldest = min(self._idle.queue, key=lambda helper: helper.idle_since)
        if oldest.idle_since < since:
            self._idle.queue.remove(oldest)
            self._drop(oldest)

    def _drop(self, helper: Helper) -> None:
        if helper in self._helpers:
            self._helpers.remove(helper)
            helper.kill()
            self._ended.append(helper.pid)
        self._reap()
        if self._waiting and not self._closed:
            self._start_spare()

    def _reap(self) -> None:
        """Collects ended processes, so that none stays as a zombie."""
        self._ended = [pid for pid in self._ended if not _has_ended(pid)]


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _request(source: str, names: Mapping[str, Any]) -> str:
    values = {name: value for name, value in names.items() if value is not UNDEFINED}
    unknown = tuple(name for name, value in names.items() if value is UNDEFINED)
    text = f"{_head(source, (*values, *unknown))}{_encode(list(values.values()))}"
    zones = zones_in(source, values.values())
    return f"{text},{_encode(zones)}]" if zones else f"{text}]"


@lru_cache(maxsize=2048)
def _head(source: str, names: tuple[str, ...]) -> str:
    return f"[{_encode(source)},{_encode(names)},"


def _value(reply: str) -> Any:
    kind, text = reply[:1], reply[1:]
    if kind == "v":
        value = json.loads(text)
        return _repaired(value) if "\\ud" in text else value
    if kind == "u":
        return UNDEFINED
    raise ExpressionError(text)


def _repaired(value: Any) -> Any:
    """A value without halves of characters, which no UTF-8 text can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_repaired(item) for item in value]
    if isinstance(value, dict):
        return {_repaired(key): _repaired(item) for key, item in value.items()}
    return value
