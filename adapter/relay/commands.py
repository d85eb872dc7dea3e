"""RELAY's commands, as those that a call takes from anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from adapter.control.errors import (
    CallEnded,
    ControlError,
    Invalid,
    NotPossible,
    Unavailable,
    UnknownCall,
)
from adapter.relay.frames import Request

if TYPE_CHECKING:
    from adapter.config import Project

CODES: dict[type[ControlError], str] = {
    UnknownCall: "404",
    CallEnded: "410",
    Invalid: "400",
    NotPossible: "409",
    Unavailable: "503",
}
"""How a command's failure is told; clients take 404 and 410 as the end of the call."""


class Commands(Protocol):
    """Gives commands to calls of a project; raises ControlErrors."""

    all_names: frozenset[str]

    def run(
        self,
        project_id: str,
        call_id: str,
        name: str,
        params: Mapping[str, Any],
        /,
        *,
        by: str = ...,
    ) -> dict[str, Any]: ...


class CanDial(Protocol):
    """Makes calls for clients."""

    def dial(self, project: Project, client: str, params: Mapping[str, Any], /) -> None: ...


class Dispatcher:
    """Does what clients ask of calls."""

    def __init__(self, calls: Commands, dials: CanDial | None = None) -> None:
        self._calls = calls
        self.dials = dials

    def do(self, project: Project, protocol: str, request: Request) -> dict[str, Any]:
        """Do it; the answer. Raises ControlErrors."""
        if request.method == "calling.dial" and self.dials is not None:
            self.dials.dial(project, protocol, request.params)
            return {"code": "200", "message": "Dialing"}
        if request.method not in self._calls.all_names:
            raise NotPossible(f"{request.method[:60]} is not available here.")
        params = dict(request.params)
        call_id, _node_id = params.pop("call_id", None), params.pop("node_id", None)
        if not isinstance(call_id, str) or not call_id:
            raise Invalid("call_id is required.", attribute="call_id")
        self._calls.run(project.id, call_id, request.method, params, by=protocol)
        answer = {"code": "200", "message": "OK", "call_id": call_id}
        control_id = params.get("control_id")
        return answer | ({"control_id": control_id} if isinstance(control_id, str) else {})


def failure(error: ControlError) -> dict[str, Any]:
    """A command that was not done, as its result."""
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), "500")
    answer = {"code": code, "message": str(error)}
    return answer | ({"attribute": error.attribute} if error.attribute else {})
