"""The taps of one call: by their control_id, each told when it begins and when it ends.

A tap is a call of the switch to us (`answering`): it goes on without us, and is known again by the
channel's variables to who takes its call up.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from adapter.freeswitch import commands, taps
from adapter.freeswitch.call import Call
from adapter.freeswitch.dial_strings import Outlet
from adapter.freeswitch.errors import CallGone, CommandFailed, SwitchError
from adapter.freeswitch.wire import Event
from adapter.greenlets import spawn
from adapter.tapping.answering import Source, Target
from adapter.tapping.sink import Sink

log = structlog.get_logger()

PREFIX = "swml_tap_"
"""Of the call's variables that hold its taps."""

MOST = 20
"""Taps of one call at a time: each is a call leg."""


class TapFailed(Exception):
    """There is no such tap; the message says why."""


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap, as JSON can hold it."""

    control_id: str
    leg: str
    direction: str
    address: str
    port: int
    codec: str
    ptime: int
    status_url: str | None
    step: int
    """The step that asked for it, so that one done again after a crash starts no second one."""

    @property
    def variable(self) -> str:
        """The name of the call's variable that holds it."""
        return PREFIX + self.leg.replace("-", "_")

    @property
    def token(self) -> str:
        """All of it, in characters that mean nothing to the switch."""
        text = json.dumps(asdict(self)).encode()
        return base64.urlsafe_b64encode(text).decode().rstrip("=")

    @classmethod
    def from_token(cls, token: str) -> Tap:
        """What `token` gave; raises ValueError for anything else."""
        try:
            padded = token + "=" * (-len(token) % 4)
            return cls(**json.loads(base64.urlsafe_b64decode(padded)))
        except TypeError as error:
            raise ValueError("this is no tap") from error


class Taps:
    """Starts and ends them; `tell(tap, state)` hears of both."""

    def __init__(
        self, call: Call, sink: Sink, outlet: Outlet, tell: Callable[[Tap, str], None]
    ) -> None:
        self._call = call
        self._sink = sink
        self._outlet = outlet
        self._tell = tell
        self._running: dict[str, Tap] = {}
        call.when_ended(self._on_call_ended)
        self._adopt()

    def of_step(self, step: int) -> Tap | None:
        """The tap that this very step started before the call changed hands."""
        return next((tap for tap in self._running.values() if tap.step == step), None)

    def start(
        self,
        target: Target,
        *,
        control_id: str | None,
        direction: str,
        status_url: str | None,
        step: int,
    ) -> tuple[Tap, Source | None]:
        """Start one; raises TapFailed and what the switch says to it."""
        tap = Tap(
            control_id=self._free(control_id or str(uuid.uuid4())),
            leg=str(uuid.uuid4()),
            direction=direction,
            address=target.address,
            port=target.port,
            codec=target.codec,
            ptime=target.ptime,
            status_url=status_url,
            step=step,
        )
        source = self._begin(tap, target)
        self._tell(tap, "tapping")
        return tap, source

    def _free(self, control_id: str) -> str:
        if control_id in self._running:
            raise TapFailed(f"a tap with control_id {control_id!r} runs: stop it, or name another")
        if len(self._running) >= MOST:
            raise TapFailed(f"{MOST} taps run on this call: that is the limit")
        return control_id

    def _begin(self, tap: Tap, target: Target) -> Source | None:
        name = self._sink.want(target)
        try:
            self._call.set_variables({tap.variable: tap.token})
            self._watch(tap)
            self._call.api(self._command(tap, name))
            return self._sink.source(name)
        except CommandFailed:
            self._forget(tap)
            raise
        finally:
            self._sink.forget(name)

    def stop(self, control_id: str | None) -> None:
        """End one, the last started where none is named; raises TapFailed."""
        known = list(self._running)
        tap = self._running.get(control_id or (known[-1] if known else ""))
        if tap is None:
            raise TapFailed(f"no tap {control_id or ''!r} runs on this call")
        try:
            self._call.api(commands.kill(tap.leg))
        except CommandFailed:
            log.info("a tap had ended by itself", control_id=tap.control_id)
        self._ended(tap)

    def _command(self, tap: Tap, name: str) -> bytes:
        address = f"{_bracketed(self._call.our_address)}:{self._sink.port}"
        return taps.start(
            tap.leg,
            self._call.uuid,
            endpoint=self._outlet.endpoint(f"sip:{name}@{address}"),
            direction=tap.direction,
            codec=tap.codec,
            ptime=tap.ptime,
        )

    def _watch(self, tap: Tap) -> None:
        self._running[tap.control_id] = tap

        def hear(_: Event) -> None:
            self._ended(tap)

        self._call.watch([tap.leg], ["CHANNEL_HANGUP"], hear)

    def _ended(self, tap: Tap) -> None:
        if self._running.get(tap.control_id) is tap:
            self._forget(tap)
            # An event's handler must not wait, not even for the store.
            spawn(self._tell, tap, "finished", name=f"end of tap {tap.control_id}")

    def _forget(self, tap: Tap) -> None:
        self._running.pop(tap.control_id, None)
        if not self._call.gone:
            self._call.unwatch([tap.leg])
            self._call.attempt(commands.set_variables(self._call.uuid, {tap.variable: ""}))

    def _on_call_ended(self) -> None:
        if not self._call.lost:
            for tap in tuple(self._running.values()):
                self._ended(tap)

    def _adopt(self) -> None:
        """Take up those that were started before the call came to us, if they still run."""
        for token in self._call.channel.starting(f"variable_{PREFIX}").values():
            try:
                tap = Tap.from_token(token)
                self._watch(tap)
                running = self._call.api(commands.api("uuid_exists", commands.word(tap.leg)))
            except CallGone:
                raise
            except (ValueError, SwitchError):
                continue
            if running.strip() != "true":
                self._ended(tap)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def payload(tap: Tap, state: str) -> dict[str, Any]:
    """What `calling.call.tap` says of it."""
    device = {"addr": tap.address, "port": tap.port, "codec": tap.codec, "ptime": tap.ptime}
    return {
        "control_id": tap.control_id,
        "state": state,
        "tap": {"type": "audio", "params": {"direction": tap.direction}},
        "device": {"type": "rtp", "params": device},
    }
