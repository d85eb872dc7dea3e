"""A call's sound to WebSockets, by a module that FreeSWITCH itself does not have.

document                 switch
stream, tap ws://   →    uuid_audio_stream | uuid_audio_fork … start
                    ←    …::connect                             it is sent
                    ←    …::error, ::connect_failed             it never was
                    ←    …::disconnect, ::error                 the other end has enough
stop_stream         →    uuid_audio_stream | uuid_audio_fork … stop

It goes on without us; who takes the call up knows it again by a channel variable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from gevent.event import Event as Flag
from gevent.lock import BoundedSemaphore

from adapter.freeswitch import commands, taps
from adapter.freeswitch.call import Call
from adapter.freeswitch.errors import CallGone, CommandFailed, SwitchError
from adapter.freeswitch.wire import Event
from adapter.greenlets import spawn
from adapter.tapping.fork import PREFIX, Fork
from adapter.tapping.taps import TapFailed

log = structlog.get_logger()

MISSING = "FreeSWITCH itself sends no sound to a WebSocket: load mod_audio_stream or mod_audio_fork"

HEADERS = {"mod_audio_stream": "STREAM_EXTRA_HEADERS"}
"""Variables for HTTP headers of the handshake, as JSON; mod_audio_fork has none."""

CONNECT_SECONDS = 10.0
"""For the other end to take the connection."""

MOST = 20
"""WebSockets of one call at a time."""

Tell = Callable[[Fork, str], None]


class _Start:
    """One that is to be connected: the next `connect` of its module is its own."""

    def __init__(self, fork: Fork) -> None:
        self.fork = fork
        self.settled = Flag()
        self.connected = False
        self.fault = ""
        self.over = 0
        """How often the module said meanwhile that one was over."""

    def hears(self, news: str, body: bytes) -> None:
        """What its module says meanwhile, of it or of another one that runs."""
        if news == taps.CONNECTED:
            self.connected = True
        elif self.connected or news == taps.DISCONNECTED:
            self.over += 1
            return
        else:
            self.fault = body.decode("utf-8", "replace")[:200] or news
        self.settled.set()


class Forks:
    """Starts and ends what one call sends; `tell` hears of `tapping` and `finished`."""

    def __init__(self, call: Call, tell: Tell) -> None:
        self._call = call
        self._tell = tell
        self.news = Flag()
        """Set when one is over; cleared by who waits for that."""

        self._running: dict[str, Fork] = {}
        self._missed: set[int] = set()
        self._dropped: Counter[str] = Counter()
        """Of each module's: how many are over that it did not name."""
        self._one_start = BoundedSemaphore()
        self._starts: _Start | None = None
        self._log = log.bind(call_id=call.uuid)
        call.on("CUSTOM", self._on_event)
        call.when_ended(self._on_call_ended)
        self._adopt()

    def has(self, control_id: str | None) -> bool:
        """Whether that runs; without a name, whether anything does."""
        return self._named(control_id) is not None

    def of_step(self, step: int) -> Fork | None:
        """What this very step started before the call changed hands."""
        return next((fork for fork in self._running.values() if fork.step == step), None)

    def missed(self, step: int) -> bool:
        """Whether what this step started was over before the call changed hands."""
        return step in self._missed

    def start(
        self, fork: Fork, *, first: Mapping[str, Any] | None = None, token: str | None = None
    ) -> Fork:
        """Start it, and see it connected; raises TapFailed and what the switch says to it.

        `first` is sent as JSON before the sound, `token` as `Authorization: Bearer`. One is
        started after the other: the module does not say which of several has connected.
        """
        if fork.direction not in taps.MIXES:
            raise TapFailed("what the party hears alone cannot be sent to a WebSocket")
        with self._one_start:
            self._check_free(fork.control_id)
            fork = fork.by(self._free_module(token))
            authorize = [] if token is None else self._authorization(fork.module, token)
            self._starts = start = _Start(fork)
            try:
                self._connect(start, first or {}, authorize)
                self._running[fork.control_id] = fork
                self._call.api(commands.set_variable(self._call.uuid, fork.variable, fork.token))
                self._tell(fork, "tapping")
            finally:
                self._starts = None
                self._on_over(fork.module, start.over)
        return fork

    def stop(self, control_id: str | None) -> None:
        """End one, the last started where none is named; raises TapFailed where none runs."""
        fork = self._named(control_id)
        if fork is None:
            raise TapFailed(f"nothing named {control_id or ''!r} runs on this call")
        self._release(fork)
        # It may have been one of those that were over.
        self._dropped[fork.module] = max(0, self._dropped[fork.module] - 1)
        self._ended(fork)

    def _named(self, control_id: str | None) -> Fork | None:
        if control_id is None:
            return next(reversed(self._running.values()), None)
        return self._running.get(control_id)

    # -- which module ----------------------------------------------------------------------------

    def _check_free(self, control_id: str) -> None:
        if control_id in self._running:
            raise TapFailed(f"one with control_id {control_id!r} runs: stop it, or name another")
        if len(self._running) >= MOST:
            raise TapFailed(f"{MOST} WebSockets hear this call: that is the limit")

    def _loaded(self) -> list[str]:
        return [
            module
            for module in taps.FORKS
            if self._call.api(taps.has_module(module)).strip() == "true"
        ]

    def _free_module(self, token: str | None) -> str:
        """One that can take one more, with a token where there is one."""
        loaded = self._loaded()
        if not loaded:
            raise TapFailed(MISSING)
        able = [module for module in loaded if token is None or module in HEADERS]
        if not able:
            raise TapFailed(f"{loaded[0]} sends no bearer token: load mod_audio_stream instead")
        busy = {fork.module for fork in self._running.values()} - taps.SEVERAL
        free = [module for module in able if module not in busy]
        if not free:
            raise TapFailed(
                f"{able[0]} sends a call's sound to one WebSocket at a time: for more, and without"
                " a token, load mod_audio_fork"
            )
        return free[0]

    def _authorization(self, module: str, token: str) -> list[bytes]:
        """Before the start, and what takes it back behind it: no other address may get it."""
        if not token.isascii() or not token.isprintable() or '"' in token:
            raise TapFailed("this is no bearer token")
        value, uuid = f'{{"Authorization":"Bearer {token}"}}', self._call.uuid
        return [
            commands.set_variable(uuid, HEADERS[module], value),
            commands.set_variables(uuid, {HEADERS[module]: ""}),
        ]

    # -- from the start to the end ---------------------------------------------------------------

    def _connect(self, start: _Start, first: Mapping[str, Any], authorize: list[bytes]) -> None:
        """Returns when it is connected."""
        fork, uuid = start.fork, self._call.uuid
        begin = taps.fork_start(
            fork.module, uuid, fork.url, fork.direction, bug=fork.bug, rate=fork.rate, first=first
        )
        self._call.api(taps.fork_subscribe(fork.module))
        try:
            self._call.api(*authorize[:1], begin, *authorize[1:])
        except SwitchError:
            self._release(fork)
            raise
        came = self._call.wait(start.settled, timeout=CONNECT_SECONDS)
        if not came or not start.connected:
            self._release(fork)
            reason = start.fault or f"it did not answer within {CONNECT_SECONDS:g} s"
            raise TapFailed(f"the WebSocket was not connected: {reason}")

    def _on_event(self, event: Event) -> None:
        module, _, news = event.get("Event-Subclass").partition("::")
        if news not in taps.FORK_NEWS.get(module, ()):
            return
        if self._starts is not None and self._starts.fork.module == module:
            self._starts.hears(news, event.body)
        elif news != taps.CONNECTED:
            self._log.info("a WebSocket has ended", reason=event.body[:200] or news)
            spawn(self._on_over, module, name=f"end of a stream of {self._call.uuid}")

    def _on_over(self, module: str, count: int = 1) -> None:
        """Some are over, it is not known which: all, once as many are over as there are.

        The module keeps its place on the call until it is told to stop.
        """
        if not count:
            return
        self._dropped[module] += count
        of_it = [fork for fork in self._running.values() if fork.module == module]
        if self._dropped[module] >= len(of_it):
            self._dropped[module] = 0
            for fork in of_it:
                self._release(fork)
                self._ended(fork)

    def _release(self, fork: Fork) -> None:
        try:
            self._call.api(taps.fork_stop(fork.module, self._call.uuid, fork.bug))
        except CommandFailed as error:
            self._log.info("a WebSocket had ended by itself", reason=str(error))
        except SwitchError as error:
            self._log.info("a WebSocket ends with its call", reason=str(error))

    def _ended(self, fork: Fork) -> None:
        if self._running.get(fork.control_id) is fork:
            del self._running[fork.control_id]
            self.news.set()
            if not self._call.gone:
                self._call.attempt(commands.set_variables(self._call.uuid, {fork.variable: ""}))
            # An event's handler must not wait, not even for the store.
            spawn(self._tell, fork, "finished", name=f"end of a stream of {fork.url}")

    def _on_call_ended(self) -> None:
        if not self._call.lost:
            for fork in tuple(self._running.values()):
                self._ended(fork)

    def _adopt(self) -> None:
        """Take up those that were started before the call came to us, if they still run."""
        for token in self._call.channel.starting(f"variable_{PREFIX}").values():
            try:
                fork = Fork.from_token(token)
                self._running[fork.control_id] = fork
                runs = self._runs(fork)
            except CallGone:
                raise
            except (ValueError, SwitchError):
                continue
            if not runs:
                self._missed.add(fork.step)
                self._ended(fork)

    def _runs(self, fork: Fork) -> bool:
        uuid = self._call.uuid
        self._call.api(taps.fork_subscribe(fork.module))
        bugs = self._call.api(commands.api("uuid_buglist", commands.word(uuid)))
        return taps.fork_runs(fork.module, fork.bug, bugs)
