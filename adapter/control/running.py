"""The calls of this process, by their ids."""

from __future__ import annotations

from collections import OrderedDict

from adapter.connecting.talk import Talks
from adapter.control.call_control import CallControl
from adapter.control.ringing import Ringing
from adapter.control.talking_leg import TalkingLeg
from adapter.store.rows import CallLog

REMEMBERED = 2_000
"""Ended calls that are known at once: those of a few busy seconds; the store knows the others."""


class RunningCalls:
    """Who has which call in hand."""

    def __init__(self) -> None:
        self.talks = Talks()
        """Who of them talks with whom, by a connect."""
        self._running: dict[str, CallControl] = {}
        self._ended: OrderedDict[str, CallLog] = OrderedDict()
        self._ringing: dict[str, Ringing] = {}

    def __len__(self) -> int:
        return len(self._running)

    def add(self, control: CallControl) -> None:
        """A call is here."""
        self._running[control.call_id] = control
        self._ended.pop(control.call_id, None)

    def remove(self, control: CallControl) -> None:
        """It has ended, or left us (then others may take it up)."""
        if self._running.get(control.call_id) is not control:
            return
        del self._running[control.call_id]
        if not control.call.lost:
            self._remember(control.row)

    def find(self, call_id: str) -> CallControl | Ringing | TalkingLeg | None:
        """A call that runs here, is being made here, or talks with one that does."""
        return self._running.get(call_id) or self._ringing.get(call_id) or self._leg(call_id)

    def _leg(self, call_id: str) -> TalkingLeg | None:
        talk = self.talks.of_leg(call_id)
        owner = self._running.get(talk.call_id) if talk else None
        return TalkingLeg(owner, talk) if talk and owner else None

    def taken(self, call_id: str) -> CallControl | None:
        """A call that runs here."""
        return self._running.get(call_id)

    def _remember(self, row: CallLog) -> None:
        self._ended[row.id] = row
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

    def ended(self, call_id: str) -> CallLog | None:
        """What was known of a call when it ended here."""
        return self._ended.get(call_id)

    # -- calls that we make ----------------------------------------------------------------------

    def rings(self, call: Ringing) -> None:
        """A call is being made here."""
        self._ringing[call.call_id] = call

    def rings_no_more(self, call: Ringing) -> None:
        """It is answered, or over."""
        self._ringing.pop(call.call_id, None)
        if call.row.state == "ended":
            self._remember(call.row)

    def ringing(self, call_id: str) -> Ringing | None:
        """A call that is being made here."""
        return self._ringing.get(call_id)

    def all_ringing(self) -> list[Ringing]:
        """Every one of them."""
        return list(self._ringing.values())
