"""Looking on: what the adapter does with a call, told to the trace.

It is told of by those who do it: the interpreter's steps by a subclass of it, callbacks where they
are stored, and the rest by the adapter's own log.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import unquote

import structlog
from msgspec.structs import replace

from adapter.callbacks.address import Method
from adapter.callbacks.outbox import Outbox
from adapter.simulate.person import Person
from adapter.simulate.trace import Kind, Trace
from adapter.store.rows import CallbackState
from adapter.store.writes import PutCallback
from adapter.swml import program
from adapter.swml.effects import FETCH, YIELD, Effect, Result
from adapter.swml.errors import ScriptError
from adapter.swml.interpreter import Interpreter
from adapter.swml.program import Step
from adapter.swml.script import Script

_GONE = object()

_STATES = ("state", "status", "connect_state", "call_state", "for")
"""Parameters of callbacks that say how it is."""


@dataclass(slots=True)
class Watch:
    """What is seen of one call's script."""

    trace: Trace
    person: Person
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By call: a leg that confirms has its own."""
    warnings: list[ScriptError] = field(default_factory=list)
    stopped: ScriptError | None = None
    finished: bool = False
    broken: str = ""
    """What failed inside the adapter."""

    def step(self, path: str, method: str, params: Mapping[str, Any]) -> None:
        """A step begins."""
        self.trace.add(Kind.STEP, "{step} {params}", step=path, method=method, params=params)
        self.person.sees(path)

    def changed(self, variables: Mapping[str, Any], call_id: str) -> None:
        """Variables of a call as they are now; those that changed are told."""
        before = self.variables.get(call_id, {})
        for name, value in variables.items():
            if before.get(name, _GONE) != value:
                self.trace.add(Kind.SET, "{name} = {value}", name=name, value=value)
        for name in before:
            if name not in variables:
                self.trace.add(Kind.SET, "{name} unset", name=name)
        self.variables[call_id] = dict(variables)

    def warned(self, warning: ScriptError) -> None:
        """A step failed, or could not do all that it says."""
        self.warnings.append(warning)
        facts = {"step": warning.path, "code": warning.code, "message": warning.message}
        self.trace.add(Kind.WARNING, "{message} ({code})", **facts)


class WatchedInterpreter(Interpreter):
    """An interpreter that lets `watch` see all that it does."""

    watch: ClassVar[Watch]

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self._asking: Effect | None = None
        self._told = 0

    def next_effect(self) -> Effect | None:
        """As the interpreter's; an effect is a step that begins."""
        effect = super().next_effect()
        if effect is not None and effect is not self._asking and effect.method != YIELD:
            self._tell()
            if effect.method != FETCH:
                self.watch.step(effect.path, effect.method, effect.params)
                self.watch.person.is_asked(effect.method, effect.params, self._call_id)
        self._asking = effect
        if effect is None:
            self._tell()
            self.watch.stopped, self.watch.finished = self.error, self.error is None
        return effect

    def apply(self, result: Result) -> None:
        """As the interpreter's; shows what came of the effect."""
        self.watch.person.is_done()
        super().apply(result)
        self._tell()

    def take_warnings(self) -> list[ScriptError]:
        """As the interpreter's."""
        self._told = 0
        return super().take_warnings()

    def _run(self, step: Step) -> None:
        if not isinstance(step.operation, program.Act):
            self._tell()
            self.watch.step(step.path, step.method, _written(step))
        super()._run(step)

    @property
    def _call_id(self) -> str:
        return str(self._script.variables.call.get("call_id", ""))

    def _tell(self) -> None:
        self.watch.changed(self.vars, self._call_id)
        for warning in self._script.warnings[self._told :]:
            self.watch.warned(warning)
        self._told = len(self._script.warnings)


def watched_by(watch: Watch) -> type[Interpreter]:
    """Interpreters that `watch` looks on."""
    return type("WatchedByOne", (WatchedInterpreter,), {"watch": watch})


def _written(step: Step) -> dict[str, Any]:
    """What a control step decides by, as the document has it; what it sets is seen anyway."""
    match step.operation:
        case program.Label(name=name):
            return {"name": name}
        case program.Goto(label=label):
            return {"label": label}
        case program.Switch(variable=variable):
            return {"variable": variable}
        case program.Execute(dest=dest) | program.Transfer(dest=dest):
            return {"dest": dest if isinstance(dest, str) else "a document written here"}
    return {}


class ShownOutbox(Outbox):
    """Callbacks are shown and stored as delivered: nobody is told."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self._trace = trace

    def put(
        self,
        stream: str,
        url: str,
        payload: Mapping[str, Any],
        project_id: str,
        *,
        key: str | None = None,
        method: Method = "POST",
    ) -> PutCallback:
        """As the outbox's."""
        made = super().put(stream, url, payload, project_id, key=key, method=method).callback
        params = payload.get("params", {})
        self._trace.add(
            Kind.CALLBACK,
            "{event} {state} to {url}",
            event=str(payload.get("event_type", "")).removeprefix("calling.call."),
            state=_state_in(params),
            url=url,
            payload=payload,
        )
        if made.state is CallbackState.PENDING:
            now = made.created_at
            made = replace(made, state=CallbackState.DELIVERED, finished_at=now)
        return PutCallback(made)


def _state_in(params: Mapping[str, Any]) -> str:
    """What a callback tells: each kind has a word of its own for it."""
    found = (params.get(name) for name in _STATES)
    inner = (params.get(name, {}) for name in ("result", "fax"))
    detected = params.get("detect", {}).get("params", {}).get("event")
    named = (one.get("type") for one in inner if isinstance(one, Mapping))
    return next((str(one) for one in (*found, detected, *named) if one), "")


@contextmanager
def logs_told_to(watch: Watch) -> Iterator[None]:
    """Take the adapter's log for the trace instead of the terminal."""
    before = structlog.get_config()

    def tell(_: object, level: str, event: MutableMapping[str, Any]) -> str:
        _tell(watch, level, event)
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, tell],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


_SHOWN_ANYWAY = ("script warning", "script stopped")


def _tell(watch: Watch, level: str, event: MutableMapping[str, Any]) -> None:
    match event:
        case {"event": "switch commands", "commands": commands}:
            for command in commands:
                watch.trace.add(Kind.SWITCH, "{command}", command=_command(command))
        case {"event": str(text), "control_id": control_id} if text.startswith("recording "):
            state, reason = text.removeprefix("recording "), event.get("reason")
            how = "{control_id} {state} ({reason})" if reason else "{control_id} {state}"
            watch.trace.add(Kind.RECORDING, how, control_id=control_id, state=state, reason=reason)
        case {"event": str(text)} if level in ("error", "exception", "critical"):
            _tell_failure(watch, text, event)
        case {"event": str(text)} if level == "warning" and text not in _SHOWN_ANYWAY:
            facts = {name: value for name, value in event.items() if name != "event"}
            watch.trace.add(Kind.WARNING, "{message}: {params}", message=text, params=facts)


def _tell_failure(watch: Watch, text: str, event: Mapping[str, Any]) -> None:
    if text in _SHOWN_ANYWAY:
        return
    facts = {name: value for name, value in event.items() if name not in ("event", "exc_info")}
    if event.get("exc_info") and (error := sys.exception()):
        facts["error"] = repr(error)
    watch.broken = watch.broken or text
    watch.trace.add(Kind.WARNING, "{message}: {params}", message=text, params=facts)


def _command(command: bytes) -> str:
    """A command in one line, without what every one of its kind has."""
    lines = command.decode("utf-8", "replace").strip().split("\n")
    fields = dict(line.partition(": ")[::2] for line in lines[1:])
    if "execute-app-name" in fields:
        return f"{fields['execute-app-name']} {fields.get('execute-app-arg', '')}".strip()
    if "hangup-cause" in fields:
        return f"hangup {fields['hangup-cause']}"
    return unquote(unquote(lines[0].removeprefix("api ")))
