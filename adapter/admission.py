"""Who may have how many calls: one that calls as fast as it can must not crowd out others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import structlog

from adapter import metrics

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call

log = structlog.get_logger()

REFUSAL_CAUSE = "NORMAL_CIRCUIT_CONGESTION"
"""How a refused call ends: SIP 503, so that a trunk may try elsewhere."""


class Admission:
    """Counts the calls of each peer: the address that a call's SIP came from."""

    def __init__(self, per_peer: int | None) -> None:
        """`per_peer` calls at a time; None is no limit but that of all calls."""
        self._limit = per_peer
        self._calls: Counter[str] = Counter()

    def enter(self, call: Call, *, known: bool) -> bool:
        """Count a call; False when it is one too many, and was hung up.

        A call that is `known`, since it comes back to us, is never refused.
        """
        peer = _peer(call)
        if not known and self._limit is not None and self._calls[peer] >= self._limit:
            log.warning(
                "call refused, limits.calls_per_peer is reached",
                call_id=call.uuid,
                caller_address=peer,
                limit=self._limit,
            )
            metrics.counter(metrics.CALLS, "refused").inc()
            call.hangup(REFUSAL_CAUSE)
            return False
        self._calls[peer] += 1
        return True

    def leave(self, call: Call) -> None:
        """A call that has entered is over."""
        peer = _peer(call)
        self._calls[peer] -= 1
        if not self._calls[peer]:
            del self._calls[peer]


def _peer(call: Call) -> str:
    return call.channel.get("Caller-Network-Addr")
