"""A call's sound to a WebSocket, by a module that FreeSWITCH itself does not have.

document                 switch
stream, tap ws://   →    uuid_audio_stream | uuid_audio_fork … start
                    ←    …::connect                             it is sent
                    ←    …::error, ::connect_failed             it never was
                    ←    …::disconnect                          the other end has enough
stop_stream         →    uuid_audio_stream | uuid_audio_fork … stop

Of one call such a module sends to one address at a time. It goes on without us; who takes the call
up knows it again by a channel variable.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from gevent.event import Event as Flag

from adapter.freeswitch import commands, taps
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import CommandFailed, SwitchError
from adapter.freeswitch.wire import Event
from adapter.greenlets import spawn
from adapter.tapping.taps import TapFailed

log = structlog.get_logger()

MISSING = "FreeSWITCH itself sends no sound to a WebSocket: load mod_audio_stream or mod_audio_fork"

HEADERS = {"mod_audio_stream": "STREAM_EXTRA_HEADERS"}
"""Variables for HTTP headers of the handshake, as JSON; mod_audio_fork has none."""

CONNECT_SECONDS = 10.0
"""For the other end to take the connection."""

FORK_VARIABLE = "swml_fork"
"""On a channel: what runs."""


@dataclass(frozen=True, slots=True)
class Fork:
    """What is sent where, as JSON can hold it."""

    method: str
    control_id: str
    url: str
    direction: str
    status_url: str | None = None
    name: str | None = None
    step: int = 0
    """The step that asked for it, so that one done again after a crash starts no second one."""

    @property
    def token(self) -> str:
        """All of it, in characters that mean nothing to the switch."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode().rstrip("=")

    @classmethod
    def from_token(cls, token: str) -> Fork:
        """What `token` gave; raises ValueError for anything else."""
        try:
            return cls(**json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
        except TypeError as error:
            raise ValueError("this is no fork") from error


def event(fork: Fork, state: str) -> tuple[str, dict[str, Any]]:
    """The type and the parameters of the callback that tells of a state."""
    told: dict[str, Any] = {"control_id": fork.control_id, "state": state}
    if fork.method == "tap":
        told["tap"] = {"type": "audio", "params": {"direction": fork.direction}}
        told["device"] = {"type": "ws", "params": {"uri": fork.url}}
        return "calling.call.tap", told
    if state == "tapping":
        told["state"] = "streaming"
    told["url"] = fork.url
    if fork.name is not None:
        told["name"] = fork.name
    return "calling.call.stream", told


class Forks:
    """Starts and ends what one call sends; `tell` hears of `tapping` and `finished`."""

    def __init__(self, call: Call, tell: Callable[[Fork, str], None]) -> None:
        self._call = call
        self._tell = tell
        self._module = ""
        self._running: Fork | None = None
        self._connected = self._told = False
        self._settled = Flag()
        self._fault = ""
        self._log = log.bind(call_id=call.uuid)
        call.on("CUSTOM", self._on_event)
        call.when_ended(self._on_call_ended)
        self._adopt()

    def has(self, control_id: str | None) -> bool:
        """Whether that is what runs."""
        running = self._running
        return running is not None and control_id in (None, running.control_id)

    def of_step(self, step: int) -> Fork | None:
        """What this very step started before the call changed hands."""
        return self._running if self._running and self._running.step == step else None

    def start(
        self, fork: Fork, *, first: Mapping[str, Any] | None = None, token: str | None = None
    ) -> None:
        """Start it, and see it connected; raises TapFailed.

        `first` is sent as JSON before the sound, `token` as `Authorization: Bearer`.
        """
        if self._running is not None:
            raise TapFailed("the call's sound goes to a WebSocket already: one at a time")
        if fork.direction not in taps.MIXES:
            raise TapFailed("what the party hears alone cannot be sent to a WebSocket")
        self._module = self._loaded()
        authorize = [] if token is None else self._authorization(token)
        self._running, self._fault = fork, ""
        self._log = log.bind(call_id=self._call.uuid, control_id=fork.control_id)
        self._connected = self._told = False
        self._settled.clear()
        try:
            self._start(fork, first or {}, authorize)
        except BaseException:
            self._running = None
            raise
        self._call.api(commands.set_variable(self._call.uuid, FORK_VARIABLE, fork.token))
        self._tell(fork, "tapping")
        self._told = True
        if self._fault:
            self._on_over()

    def stop(self, control_id: str | None) -> None:
        """End it; raises TapFailed where that is not what runs."""
        if not self.has(control_id):
            raise TapFailed(f"nothing named {control_id or ''!r} runs on this call")
        self._release()
        self._ended()

    def _loaded(self) -> str:
        for module in taps.FORKS:
            if self._call.api(taps.has_module(module)).strip() == "true":
                return module
        raise TapFailed(MISSING)

    def _authorization(self, token: str) -> list[bytes]:
        """Before the start, and what takes it back behind it: no other address may get it."""
        variable = HEADERS.get(self._module)
        if variable is None:
            raise TapFailed(f"{self._module} sends no bearer token: load mod_audio_stream instead")
        if not token.isascii() or not token.isprintable() or '"' in token:
            raise TapFailed("this is no bearer token")
        value = f'{{"Authorization":"Bearer {token}"}}'
        uuid = self._call.uuid
        return [
            commands.set_variable(uuid, variable, value),
            commands.set_variables(uuid, {variable: ""}),
        ]

    def _start(self, fork: Fork, first: Mapping[str, Any], authorize: list[bytes]) -> None:
        api, uuid = taps.FORKS[self._module], self._call.uuid
        begin = taps.fork_start(api, uuid, fork.url, fork.direction, first)
        self._call.api(taps.fork_subscribe(self._module))
        try:
            self._call.api(*authorize[:1], begin, *authorize[1:])
        except SwitchError:
            self._release()
            raise
        came = self._call.wait(self._settled, timeout=CONNECT_SECONDS)
        if not came or not self._connected:
            self._release()
            reason = self._fault or f"it did not answer within {CONNECT_SECONDS:g} s"
            raise TapFailed(f"the WebSocket was not connected: {reason}")

    def _on_event(self, event: Event) -> None:
        module, _, news = event.get("Event-Subclass").partition("::")
        if self._running is None or module != self._module:
            return
        if news == taps.CONNECTED:
            self._connected = True
            self._settled.set()
        elif news in taps.FORK_NEWS[module]:
            self._fault = event.body.decode("utf-8", "replace")[:200] or news
            if self._told:
                spawn(self._on_over, name=f"end of a stream of {self._call.uuid}")
            self._settled.set()

    def _on_over(self) -> None:
        """The module keeps its place on the call until it is told to stop."""
        if self._running is not None:
            self._log.info("a WebSocket has ended", reason=self._fault)
            self._release()
            self._ended()

    def _release(self) -> None:
        try:
            self._call.api(taps.fork_stop(taps.FORKS[self._module], self._call.uuid))
        except CommandFailed as error:
            self._log.info("a WebSocket had ended by itself", reason=str(error))
        except SwitchError as error:
            self._log.info("a WebSocket ends with its call", reason=str(error))

    def _ended(self) -> None:
        fork, self._running = self._running, None
        if fork is not None:
            if not self._call.gone:
                self._call.attempt(commands.set_variables(self._call.uuid, {FORK_VARIABLE: ""}))
            # An event's handler must not wait, not even for the store.
            spawn(self._tell, fork, "finished", name=f"end of a stream of {fork.url}")

    def _on_call_ended(self) -> None:
        if not self._call.lost:
            self._ended()

    def _adopt(self) -> None:
        """Take up what was started before the call came to us, if it still runs."""
        token = self._call.variable(FORK_VARIABLE)
        if not token:
            return
        try:
            fork = Fork.from_token(token)
            self._module = self._loaded()
            self._running, self._told = fork, True
            self._call.api(taps.fork_subscribe(self._module))
            bugs = self._call.api(commands.api("uuid_buglist", commands.word(self._call.uuid)))
        except (ValueError, TapFailed, CommandFailed):
            self._ended()
            return
        if not taps.fork_runs(self._module, bugs):
            self._ended()
