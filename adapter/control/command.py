"""A command: its name, its parameters, and what it does to a call.

Each family of commands has a module, which lists its own; `adapter.control.commands` has them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError, model_validator

from adapter.control.errors import Invalid
from adapter.swml.errors import Code
from adapter.swml.parameters import Parameters
from adapter.swml.problems import problems

Given = TypeVar("Given", bound=Parameters)

MISSING = "missing_required_parameter"


class Nothing(Parameters):
    """A command that takes no parameters."""


class Controlled(Parameters):
    """A command to something that was started under a `control_id`."""

    control_id: str


class Typed(Parameters):
    """`{type: …, params: {…}}`; what belongs into `params` may stand beside the type, as clients
    and their examples write it."""

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.get("params") is not None:
            return value
        rest = {name: item for name, item in value.items() if name not in ("type", "params")}
        return {**({"type": value["type"]} if "type" in value else {}), "params": rest}


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `run` returns when it is done, or under way; raises a `ControlError`.

    `early`: it may be given to a call that we make and nobody has answered yet (`Ringing`).
    """

    name: str
    parameters: type[Parameters]
    run: Callable[[Any, Any], None]
    early: bool = False
    leg: bool = False
    """Whether it may be given to one whom a document has called, and who talks (`TalkingLeg`)."""
    relay_only: bool = False
    """Whether the REST API has no such command."""
    leaves: bool = False
    """Whether a client that gives it wants no more of the call."""

    def parse(self, params: Mapping[str, Any]) -> Parameters:
        """The parameters, typed. Raises `Invalid` that names the first wrong one."""
        return parse(self.parameters, params)


def parse(model: type[Given], params: Mapping[str, Any]) -> Given:
    """`params` as a `model`; raises `Invalid`."""
    try:
        return model.model_validate(params)
    except ValidationError as error:
        problem = problems(error, params)[0]
        missing = problem.code is Code.PARAMETER_MISSING
        raise Invalid(
            f"{problem.name or 'params'}: {problem.message}",
            code=MISSING if missing else None,
            attribute=problem.name or None,
        ) from None
