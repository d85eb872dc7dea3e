"""POST /api/calling/calls: commands to running calls, and new calls (SignalWire's Calling API).

One endpoint; the body says what is to be done: `{"command": …, "id": call, "params": {…}}`. Every
command answers with the call (CallLeg) as it is then; what comes of it is told at a `status_url`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

import falcon

from adapter.config import Project
from adapter.control import errors as control
from adapter.web.auth import Gate
from adapter.web.errors import Invalid

CALLS = "/api/calling/calls"

RETRY_AFTER = 2

_FAMILIES_NOT_HERE = (
    "ai_hold ai_message ai_sidecar ai_sidecar.stop ai_unhold ai.stop",
    "live_transcribe live_translate",
)
NOT_HERE = frozenset(f"calling.{name}" for line in _FAMILIES_NOT_HERE for name in line.split())
"""Commands that SignalWire documents and nothing here can do."""


class Commands(Protocol):
    """Gives commands to calls of a project; raises `ControlError`s."""

    names: frozenset[str]
    """The commands that there are; all others are refused before."""

    def run(
        self, project_id: str, call_id: str, name: str, params: Mapping[str, Any], /
    ) -> dict[str, Any]: ...


class Calling:
    """The resource. `dial` makes a new call of a project; None where no switch is configured."""

    def __init__(
        self,
        gate: Gate,
        commands: Commands,
        dial: Callable[[Project, Mapping[str, Any]], dict[str, Any]] | None = None,
    ) -> None:
        self._gate = gate
        self._commands = commands
        self._dial = dial

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        project = self._gate.project(req)
        body = read_json(req)
        try:
            resp.media = self._do(project, body)
        except control.ControlError as error:
            refuse(error)

    def _do(self, project: Project, body: Mapping[str, Any]) -> dict[str, Any]:
        name, params = _text(body, "command"), _params(body)
        if name == "dial":
            if self._dial is None:
                raise control.NotPossible("No switch is configured to dial with: set `nodes`.")
            return self._dial(project, params)
        if name not in self._commands.names:
            raise _unknown(name)
        call_id = _text(params if name == "update" else body, "id")
        return self._commands.run(project.id, call_id, name, params)


def refuse(error: control.ControlError) -> NoReturn:
    """A command's failure as HTTP says it."""
    match error:
        case control.UnknownCall():
            raise falcon.HTTPNotFound from error
        case control.Unavailable():
            raise falcon.HTTPServiceUnavailable(
                description=str(error), retry_after=RETRY_AFTER
            ) from error
    raise Invalid(error.code, str(error), error.attribute) from error


def read_json(req: falcon.Request) -> dict[str, Any]:
    """The body as an object; 400 when it is none."""
    try:
        body = _JSON.decode(req.bounded_stream.read().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise falcon.HTTPBadRequest(description="The body is not JSON.") from error
    if not isinstance(body, dict):
        raise falcon.HTTPBadRequest(description="The body is not a JSON object.")
    return body


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_no_number)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None or value == "":
        raise Invalid("missing_required_parameter", f"{name} is required.", name)
    if not isinstance(value, str):
        raise Invalid("invalid_parameter", f"{name} is not text.", name)
    return value


def _params(body: Mapping[str, Any]) -> dict[str, Any]:
    params = body.get("params")
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise Invalid("invalid_parameter", "params is not an object.", "params")
    return params


def _unknown(name: str) -> Exception:
    if name in NOT_HERE:
        return control.NotPossible(f"{name} is not available here.")
    return Invalid("invalid_parameter", f"There is no command {name[:60]!r}.", "command")
