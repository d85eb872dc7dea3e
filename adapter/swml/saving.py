"""A running script as JSON-able data, and back.

Version 1: frames as paths and indexes of documents that are named by their content hash; counters;
scopes; the effect that is pending. Documents that were part of another travel in the state, as
nobody else keeps them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapter.swml.document import Document
from adapter.swml.effects import Effect
from adapter.swml.errors import Code, ScriptError
from adapter.swml.limits import Limits
from adapter.swml.loading import load_value
from adapter.swml.position import Frame
from adapter.swml.script import Script
from adapter.swml.variables import Variables

STATE_VERSION: Final = 1

Documents = Callable[[str], Document]
"""Finds a document by its content hash."""


def saved(script: Script) -> dict[str, Any]:
    """Everything that `restored` needs."""
    documents = {frame.document.content_hash: frame.document for frame in script.frames}
    variables = script.variables
    return {
        "version": STATE_VERSION,
        "origin": script.origin.content_hash,
        "frames": [frame.to_json() for frame in script.frames],
        "embedded": {
            name: document.source for name, document in documents.items() if document.embedded
        },
        "steps": script.steps,
        "work": variables.work,
        "warned": script.warned,
        "transfers": script.transfers,
        "pending": _effect_to_json(script.pending),
        "branch": list(script.branch),
        "result_variable": script.result_variable,
        "error": _error_to_json(script.error),
        "call": dict(variables.call),
        "envs": dict(variables.envs),
        "vars": dict(variables.vars),
    }


def restored(
    state: Mapping[str, Any], documents: Documents, variables: Variables, limits: Limits
) -> Script:
    """The script that `saved` described. Raises ValueError for a state of another version."""
    if state.get("version") != STATE_VERSION:
        raise ValueError(
            f"this script was saved in version {state.get('version')} of the state, "
            f"not {STATE_VERSION}: run its document from the start"
        )
    origin = documents(state["origin"])
    found = {state["origin"]: origin}
    for name, source in state["embedded"].items():
        found[name] = load_value(source, origin.catalog)

    def find(name: str) -> Document:
        if name not in found:
            found[name] = documents(name)
        return found[name]

    script = Script(origin, variables, limits)
    script.frames = [Frame.from_json(data, find) for data in state["frames"]]
    if script.frames:
        variables.params = script.frame.params
    script.steps = state["steps"]
    variables.work = state["work"]
    script.warned = state["warned"]
    script.transfers = state["transfers"]
    script.pending = _effect_from_json(state["pending"])
    script.branch = tuple(state["branch"])
    script.result_variable = state["result_variable"]
    script.error = _error_from_json(state["error"])
    return script


def hashes_needed(script: Script) -> set[str]:
    """The documents that `restored` will ask for."""
    running = {frame.document for frame in script.frames if not frame.document.embedded}
    return {document.content_hash for document in (script.origin, *running)}


def _effect_to_json(effect: Effect | None) -> dict[str, Any] | None:
    if effect is None:
        return None
    return {"method": effect.method, "params": dict(effect.params), "path": effect.path}


def _effect_from_json(data: Mapping[str, Any] | None) -> Effect | None:
    return None if data is None else Effect(data["method"], data["params"], data["path"])


def _error_to_json(error: ScriptError | None) -> list[str] | None:
    return None if error is None else [str(error.code), error.message, error.path]


def _error_from_json(data: list[str] | None) -> ScriptError | None:
    return None if data is None else ScriptError(Code(data[0]), data[1], data[2])
