"""A call's sound to a WebSocket, by a module that FreeSWITCH itself does not have.

Of one call such a module sends to one address at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gevent
import structlog

from adapter.freeswitch import commands, taps
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import CommandFailed
from adapter.tapping.taps import TapFailed

log = structlog.get_logger()

MISSING = "FreeSWITCH itself sends no sound to a WebSocket: load mod_audio_stream or mod_audio_fork"

HEADERS = {"mod_audio_stream": "STREAM_EXTRA_HEADERS"}
"""Variables for HTTP headers of the handshake, as JSON; mod_audio_fork has none."""


@dataclass(frozen=True, slots=True)
class Fork:
    """What is sent where; `first` is sent as JSON before the sound."""

    control_id: str
    url: str
    direction: str
    first: dict[str, Any] = field(default_factory=dict)
    token: str | None = None
    """Sent as `Authorization: Bearer`."""


class Forks:
    """Starts and ends what one call sends."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._api = ""
        self._running: Fork | None = None
        self._tell: Callable[[str], None] = lambda _: None
        call.when_ended(self._on_call_ended)

    def has(self, control_id: str | None) -> bool:
        """Whether that is what runs."""
        running = self._running
        return running is not None and control_id in (None, running.control_id)

    def start(self, fork: Fork, tell: Callable[[str], None]) -> None:
        """Start it; raises TapFailed. `tell` hears `tapping` and `finished`."""
        if self._running is not None:
            raise TapFailed("the call's sound goes to a WebSocket already: one at a time")
        if fork.direction not in taps.MIXES:
            raise TapFailed("what the party hears alone cannot be sent to a WebSocket")
        module = self._module()
        if fork.token is not None:
            self._authorize(module, fork.token)
        self._api = taps.FORKS[module]
        uuid = self._call.uuid
        self._call.api(taps.fork_start(self._api, uuid, fork.url, fork.direction, fork.first))
        self._running, self._tell = fork, tell
        tell("tapping")

    def stop(self, control_id: str | None) -> None:
        """End it; raises TapFailed where that is not what runs."""
        if not self.has(control_id):
            raise TapFailed(f"nothing named {control_id or ''!r} runs on this call")
        try:
            self._call.api(taps.fork_stop(self._api, self._call.uuid))
        except CommandFailed as error:
            log.info("a WebSocket had ended by itself", reason=str(error))
        self._ended()

    def _module(self) -> str:
        for module in taps.FORKS:
            if self._call.api(taps.has_module(module)).strip() == "true":
                return module
        raise TapFailed(MISSING)

    def _authorize(self, module: str, token: str) -> None:
        variable = HEADERS.get(module)
        if variable is None:
            raise TapFailed(f"{module} sends no bearer token: load mod_audio_stream instead")
        if not token.isascii() or not token.isprintable() or '"' in token:
            raise TapFailed("this is no bearer token")
        value = f'{{"Authorization":"Bearer {token}"}}'
        self._call.api(commands.set_variable(self._call.uuid, variable, value))

    def _ended(self) -> None:
        if self._running is not None:
            self._running = None
            # An event's handler must not wait, not even for the store.
            gevent.spawn(self._tell, "finished").name = f"end of a stream of {self._call.uuid}"

    def _on_call_ended(self) -> None:
        if not self._call.lost:
            self._ended()
