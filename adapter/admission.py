"""Who may have how many calls: one that calls as fast as it can must not crowd out others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from adapter import metrics
from adapter.tally import Tally

if TYPE_CHECKING:
    from adapter.freeswitch.call import Call

log = structlog.get_logger()

REFUSAL_CAUSE = "NORMAL_CIRCUIT_CONGESTION"
"""How a refused call ends: SIP 503, so that a trunk may try elsewhere."""


class Admission:
    """Counts the calls of each peer: the address that a call's SIP came from."""

    def __init__(self, per_peer: int | None, tally: Tally | None = None) -> None:
        """`per_peer` calls at a time in all processes that share `tally`; None is no limit."""
        self._limit = per_peer
        self._tally = tally or Tally.alone()

    def enter(self, call: Call, *, known: bool) -> bool:
        """Count a call; False when it is one too many, and was hung up.

        A call that is `known`, since it comes back to us, is never refused.
        """
        peer = _peer(call)
        many = self._tally.add(_name(peer))
        if not known and self._limit is not None and many > self._limit:
            log.warning(
                "call refused, limits.calls_per_peer is reached",
                call_id=call.uuid,
                caller_address=peer,
                limit=self._limit,
            )
            metrics.counter(metrics.CALLS, "refused").inc()
            self._tally.remove(_name(peer))
            call.hangup(REFUSAL_CAUSE)
            return False
        return True

    def leave(self, call: Call) -> None:
        """A call that has entered is over."""
        self._tally.remove(_name(_peer(call)))


def _peer(call: Call) -> str:
    return call.channel.get("Caller-Network-Addr")


def _name(peer: str) -> str:
    return f"peer {peer}"
