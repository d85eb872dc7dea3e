"""One running call, as those see it who control it from outside: beside its script."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from adapter.control.collecting import Collecting
from adapter.control.errors import CallEnded
from adapter.control.playing import Playing
from adapter.control.started import Started

if TYPE_CHECKING:
    from adapter.control.script import Script
    from adapter.control.sequences import Bindings
    from adapter.methods.context import Context, Documents
    from adapter.store.rows import CallLog, Recording

log = structlog.get_logger()

WARNING = "api.warning"
"""Among what happened to a call: something of a command was left out."""

PLAYS_AT_ONCE = 8
"""Sounds inside each other on one call; the switch itself stacks no more than 16."""


class Audience(Protocol):
    """The clients that stay connected and hear of the call (RELAY)."""

    @property
    def names(self) -> list[str]:
        """Those that have the call."""

    @property
    def marks(self) -> Mapping[str, str]:
        """Variables of a channel by which the same clients have another call, too."""

    def join(self, client: str) -> None:
        """It commands the call, and so it has it."""

    def leave(self, client: str) -> None:
        """It leaves the call to others."""

    def again(self) -> None:
        """Tell them once more where the call stands."""

    def recording(self, row: Recording, url: str) -> None:
        """Tell them that a recording is in another state; `url` is where its file can be had."""


class Nobody:
    """No client hears of the call."""

    @property
    def names(self) -> list[str]:
        return []

    @property
    def marks(self) -> Mapping[str, str]:
        return {}

    def join(self, client: str) -> None:
        pass

    def leave(self, client: str) -> None:
        pass

    def again(self) -> None:
        pass

    def recording(self, row: Recording, url: str) -> None:
        pass


class CallControl:
    """What commands work with.

    `row` gives what is known of the call at this moment, `note` writes down what happened to it.
    """

    ringing = False
    """Unlike a call that we are making."""

    def __init__(
        self,
        context: Context,
        row: Callable[[], CallLog],
        script: Script,
        note: Callable[[str, Mapping[str, Any]], None] = lambda _name, _details: None,
        audience: Audience | None = None,
    ) -> None:
        self.context = context
        self.call = context.call
        self.identity = context.identity
        self.script = script
        self.plays: Started[Playing] = Started("play", PLAYS_AT_ONCE)
        self.collects: Started[Collecting] = Started("collect", 1)
        self.detects: Started[Any] = Started("detect", 1)
        self.bindings: Bindings | None = None
        self.note = note
        self.audience: Audience = audience or Nobody()
        self._row = row
        self.log = log.bind(call_id=context.identity.call_id)

    @property
    def call_id(self) -> str:
        return self.identity.call_id

    @property
    def project_id(self) -> str:
        return self.identity.project_id

    @property
    def documents(self) -> Documents:
        """Where those are found that a command names."""
        return self.context.documents

    @property
    def row(self) -> CallLog:
        """The call's facts now."""
        return self._row()

    def began_now(self) -> Context:
        """The context of a step that begins at this moment, with a number that no step has."""
        return self.context.in_step(-time.time_ns(), self.context.variables)

    @staticmethod
    def new_id() -> str:
        """A control_id for what was commanded without one."""
        return str(uuid.uuid4())

    def heard_by(self, client: str) -> None:
        """A client that stays connected commands the call: it hears of it from now on."""
        self.audience.join(client)

    def settle(self, seconds: float) -> None:
        """Wait until what was started has said that it is over; the call has ended."""
        self.plays.settle(seconds)
        self.collects.settle(seconds)
        self.detects.settle(seconds)

    def tell(self, url: str | None, event_type: str, **params: Any) -> None:
        """Something happened to what was commanded: a callback, if there is a URL."""
        self.context.tell(url, event_type, **params)

    def warn(self, message: str) -> None:
        """Something that was asked for is left out: in the log, and in the call's."""
        self.log.warning("command left something out", reason=message)
        self.note(WARNING, {"message": message})

    def require_running(self) -> None:
        """Raise `CallEnded` once it is over."""
        if self.call.gone:
            raise CallEnded(f"The call has ended: {self.call.gone.reason}.")
