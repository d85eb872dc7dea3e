"""Evaluates bounded expressions in our own process: no other process has to be woken for them.

The two wake-ups of a helper take ten times as long as such an expression itself.
"""

from collections.abc import Callable
from typing import Any, Final

from adapter.javascript.bounded import bounded
from adapter.javascript.limits import EngineLimits
from adapter.javascript.worker import maker

_MEMORY: Final = 16_777_216
_SECONDS: Final = 0.005
"""Should the bounds ever be wrong."""
_OUT_OF_MEMORY: Final = "eInternalError"
_LARGEST: Final = 8_192
"""Bytes of a request: to read a value costs more than to work with it."""


class Nearby:
    """One context for all calls of a process, made when the first expression comes."""

    def __init__(self, limits: EngineLimits) -> None:
        self._work, self._result = limits.nearby, limits.result
        self._evaluate: Callable[[str], Any] | None = None

    def takes(self, source: str, request: str) -> bool:
        """Whether the work of a request with this source is small enough not to be noticed."""
        if len(request) > _LARGEST:
            return False
        bounds = bounded(source)
        return bounds is not None and bounds.work(request) <= self._work

    def ask(self, request: str) -> str | None:
        """The reply to a request, as helpers give it; None: a helper has to be asked."""
        try:
            if self._evaluate is None:
                self._evaluate = maker(_MEMORY, self._result, _SECONDS)()
            reply = self._evaluate(request)
        except Exception:
            reply = None
        if reply is None or reply.startswith(_OUT_OF_MEMORY):
            self._evaluate = None
            return None
        return str(reply)
