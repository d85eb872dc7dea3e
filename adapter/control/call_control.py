"""One running call, as those see it who control it from outside: beside its script."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from adapter.control.errors import CallEnded
from adapter.control.started import Started

if TYPE_CHECKING:
    from adapter.control.collecting import Collecting
    from adapter.control.playing import Playing
    from adapter.control.script import Script
    from adapter.methods.context import Context
    from adapter.store.rows import CallLog

PLAYS_AT_ONCE = 8
"""Sounds inside each other on one call; the switch itself stacks no more than 16."""


class CallControl:
    """What commands work with.

    `row` gives what is known of the call at this moment, `note` writes down what happened to it.
    """

    def __init__(
        self,
        context: Context,
        row: Callable[[], CallLog],
        script: Script,
        note: Callable[[str, Mapping[str, Any]], None] = lambda _name, _details: None,
    ) -> None:
        self.context = context
        self.call = context.call
        self.identity = context.identity
        self.script = script
        self.plays: Started[Playing] = Started("play", PLAYS_AT_ONCE)
        self.collects: Started[Collecting] = Started("collect", 1)
        self.note = note
        self._row = row
        self.log = structlog.get_logger().bind(call_id=context.identity.call_id)

    @property
    def call_id(self) -> str:
        return self.identity.call_id

    @property
    def project_id(self) -> str:
        return self.identity.project_id

    @property
    def row(self) -> CallLog:
        """The call's facts now."""
        return self._row()

    @staticmethod
    def new_id() -> str:
        """A control_id for what was commanded without one."""
        return str(uuid.uuid4())

    def tell(self, url: str | None, event_type: str, **params: Any) -> None:
        """Something happened to what was commanded: a callback, if there is a URL."""
        self.context.tell(url, event_type, **params)

    def require_running(self) -> None:
        """Raise `CallEnded` once it is over."""
        if self.call.gone:
            raise CallEnded(f"The call has ended: {self.call.gone.reason}.")
