"""Runs a document: says each effect on the call, takes its result, goes on.

    script = Interpreter.start(document, call=…, envs=…, evaluate=…)
    while (effect := script.next_effect()) is not None:
        script.apply(perform(effect))

The interpreter performs nothing itself. All it knows about where it stands is in `state()`, which
can be saved before each effect and resumed in another process: no Python stack, generator or
closure holds a position.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from adapter.swml.document import Document
from adapter.swml.effects import FETCH, YIELD, Effect, Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.expressions import Evaluator
from adapter.swml.limits import Limits
from adapter.swml.operations import OPERATIONS
from adapter.swml.program import Step
from adapter.swml.saving import Documents, hashes_needed, restored, saved
from adapter.swml.script import Script
from adapter.swml.variables import Variables


class Interpreter:
    """One call's script; make it with `start` or `resume`. Used by one greenlet at a time."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @classmethod
    def start(
        cls,
        document: Document,
        *,
        call: Mapping[str, Any],
        envs: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        vars: Mapping[str, Any] | None = None,  # noqa: A002  (the scope's name)
        limits: Limits | None = None,
        evaluate: Evaluator | None = None,
        block: str = "main",
    ) -> Interpreter:
        """A script before its first step. `block` may be that of `Steps` for another leg."""
        limits = limits or Limits()
        variables = Variables(call=call, envs=envs or {}, limits=limits, evaluate=evaluate)
        script = Script(document, variables, limits)
        for name, value in (vars or {}).items():
            variables.put(name, value)
        script.push(document, block, dict(params or {}))
        return cls(script)

    @classmethod
    def resume(
        cls,
        state: Mapping[str, Any],
        documents: Documents,
        *,
        limits: Limits | None = None,
        evaluate: Evaluator | None = None,
    ) -> Interpreter:
        """The script that `state()` described; its pending effect is said again.

        `documents` finds a document by content hash. Raises ValueError for a state of another
        version, KeyError when a document no longer has the steps where the script stood.
        """
        limits = limits or Limits()
        variables = Variables(
            call=state["call"], envs=state["envs"], limits=limits, evaluate=evaluate
        )
        for name, value in state["vars"].items():
            variables.put(name, value)
        return cls(restored(state, documents, variables, limits))

    @property
    def document(self) -> Document:
        """The document that runs, or the last one that did."""
        script = self._script
        return script.frame.document if script.frames else script.origin

    @property
    def vars(self) -> Mapping[str, Any]:
        """The script's variables, read-only."""
        return MappingProxyType(self._script.variables.vars)

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters of the running section."""
        return MappingProxyType(dict(self._script.variables.params))

    @property
    def call(self) -> Mapping[str, Any]:
        """The call's facts."""
        return MappingProxyType(dict(self._script.variables.call))

    @property
    def envs(self) -> Mapping[str, Any]:
        """The project's variables."""
        return MappingProxyType(dict(self._script.variables.envs))

    @property
    def steps(self) -> int:
        """How many steps were begun: names the pending effect, after `resume` as well."""
        return self._script.steps

    @property
    def error(self) -> ScriptError | None:
        """The limit that ended the script, if one did."""
        return self._script.error

    @property
    def ended(self) -> bool:
        """Whether there is neither an effect nor a step left."""
        return not self._script.frames and self._script.pending is None

    @property
    def warning_count(self) -> int:
        """How many things went wrong since the start."""
        return self._script.warned

    @property
    def has_warnings(self) -> bool:
        """Whether `take_warnings` has anything to give."""
        return bool(self._script.warnings)

    def update_call(self, **facts: Any) -> None:
        """Notes new facts of the call: `update_call(call_state="answered")`; None removes one."""
        known = {**self._script.variables.call, **facts}
        self._script.variables.call = {
            name: value for name, value in known.items() if value is not None
        }

    def take_warnings(self) -> list[ScriptError]:
        """What went wrong since warnings were last taken, in order."""
        taken, self._script.warnings = self._script.warnings, []
        return taken

    def state(self) -> dict[str, Any]:
        """Everything a resumed script needs, as JSON-able data."""
        return saved(self._script)

    def document_hashes(self) -> set[str]:
        """The documents that `resume` will ask for, by content hash."""
        return hashes_needed(self._script)

    def next_effect(self) -> Effect | None:
        """The effect to perform now, the same one until its result is applied; None at the end."""
        script = self._script
        rest = script.steps + script.limits.burst
        while script.pending is None:
            step = script.next_step()
            if step is None:
                break
            script.path = step.path
            if not script.spend_step():
                break
            self._run(step)
            if script.steps >= rest and script.frames and script.pending is None:
                script.pending = Effect(YIELD)
        return script.pending

    def _run(self, step: Step) -> None:
        """Does a step, or sets the effect that others perform; who looks on overrides it."""
        OPERATIONS[type(step.operation)](self._script, step.operation)

    def apply(self, result: Result) -> None:
        """Takes the result of the pending effect. Raises RuntimeError when there is none."""
        script = self._script
        effect, script.pending = script.pending, None
        branch, script.branch = script.branch, ()
        if effect is None:
            raise RuntimeError("there is no effect to apply a result to: ask next_effect first")
        script.path = effect.path
        for name, value in result.variables.items():
            script.variables.put(name, value)
        if result.error is not None:
            self._fail(result.error, result)
        if result.ends_script:
            script.end()
        elif result.transfer is not None:
            if script.spend_transfer():
                script.replace(result.transfer, "main", {})
        elif effect.method == FETCH:
            self._go_to(effect, result, branch)
        else:
            script.enter(branch)

    def replace(self, document: Document, params: Mapping[str, Any] | None = None) -> None:
        """Leaves what it does, the pending effect too, for another document; variables stay.

        What somebody outside decides is not counted as a transfer of the script.
        """
        script = self._script
        script.pending, script.branch, script.result_variable = None, (), ""
        script.replace(document, "main", dict(params or {}))

    def _fail(self, error: ScriptError, result: Result) -> None:
        script = self._script
        script.warn(error.code, error.message, error.path)
        if script.result_variable and script.result_variable not in result.variables:
            script.variables.put(script.result_variable, "failed")

    def _go_to(self, fetch: Effect, result: Result, after: tuple[str, ...]) -> None:
        script, params = self._script, fetch.params["params"]
        if result.document is None:
            if result.error is None:
                script.warn(Code.EXECUTE_FAILED, "no document came from its URL")
        elif fetch.params["kind"] == "transfer":
            script.replace(result.document, "main", params)
        else:
            script.push(result.document, "main", params, after)
