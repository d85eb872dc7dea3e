"""One running call, as those see it who control it from outside: beside its script."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from adapter.control.errors import CallEnded

if TYPE_CHECKING:
    from adapter.methods.context import Context
    from adapter.store.rows import CallLog


class CallControl:
    """What commands work with. `row` gives what is known of the call at this moment."""

    def __init__(self, context: Context, row: Callable[[], CallLog]) -> None:
        self.context = context
        self.call = context.call
        self.identity = context.identity
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

    def require_running(self) -> None:
        """Raise `CallEnded` once it is over."""
        if self.call.gone:
            raise CallEnded(f"The call has ended: {self.call.gone.reason}.")
