"""The calls of this process, by their ids."""

from __future__ import annotations

from collections import OrderedDict

from adapter.control.call_control import CallControl
from adapter.store.rows import CallLog

REMEMBERED = 10_000
"""Ended calls that are known at once; the store knows the others a moment later."""


class RunningCalls:
    """Who has which call in hand."""

    def __init__(self) -> None:
        self._running: dict[str, CallControl] = {}
        self._ended: OrderedDict[str, CallLog] = OrderedDict()

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
            self._ended[control.call_id] = control.row
            if len(self._ended) > REMEMBERED:
                self._ended.popitem(last=False)

    def find(self, call_id: str) -> CallControl | None:
        """A call that runs here."""
        return self._running.get(call_id)

    def ended(self, call_id: str) -> CallLog | None:
        """What was known of a call when it ended here."""
        return self._ended.get(call_id)
