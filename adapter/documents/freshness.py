"""How long a fetched document may serve other calls as well (RFC 9111, Cache-Control).

A document is asked for with the call's facts, so that an answer is one call's unless its server
says otherwise: `public` with a `max-age` (or `s-maxage`), and nothing that speaks against it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from adapter.caching import directives, seconds_left

_AGAINST = frozenset({"no-store", "no-cache", "private", "must-understand"})


def fresh_seconds(headers: Mapping[str, str]) -> float:
    """Seconds for which an answer with these headers may be given to others; 0 is not at all."""
    said = directives(headers)
    if "public" not in said or _AGAINST & said.keys():
        return 0.0
    if "Set-Cookie" in headers or headers.get("Vary", "").strip() == "*":
        return 0.0
    return seconds_left(said.get("s-maxage") or said.get("max-age") or "", headers)


class FreshDocuments:
    """Documents that may still be given out, the least recently used forgotten first."""

    def __init__(self, size: int = 256, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """A document that is still fresh."""
        until, body = self._kept.get(key, (0.0, b""))
        if until <= self._clock():
            self._kept.pop(key, None)
            return None
        self._kept.move_to_end(key)
        return body

    def put(self, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Keep a document for as long as its server allows."""
        seconds = fresh_seconds(headers)
        if seconds > 0:
            self._kept[key] = (self._clock() + seconds, body)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
