"""Why a command was not done, in the codes of SignalWire's REST API.

    ControlError
    ├── UnknownCall     there is no such call, or it is another project's (which is not told apart)
    ├── CallEnded       there was such a call
    ├── Invalid         a parameter is missing or wrong, or names nothing
    ├── NotPossible     this installation, or the call as it is now, cannot do it
    └── Unavailable     the process that has the call did not answer in time: it may have been done

An error travels between processes as plain data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ControlError(Exception):
    """Base of what this room raises. `code` is for programs; `attribute` names a parameter."""

    code = "cannot_process"

    def __init__(
        self, message: str, *, code: str | None = None, attribute: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.attribute = attribute

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "kind": type(self).__name__,
            "message": str(self),
            "code": self.code,
            "attribute": self.attribute,
        }


class UnknownCall(ControlError):
    """No call of this project has that id."""

    code = "not_found"

    def __init__(self, message: str = "There is no such call.", **details: Any) -> None:
        super().__init__(message, **details)


class CallEnded(ControlError):
    """The call is over."""

    code = "cannot_update_completed"

    def __init__(self, message: str = "The call has ended.", **details: Any) -> None:
        super().__init__(message, **details)


class Invalid(ControlError):
    """What was sent is wrong."""

    code = "invalid_parameter"


class NotPossible(ControlError):
    """It cannot be done here, or not now."""


class Unavailable(ControlError):
    """Nobody answered."""

    code = "unavailable"


class OnItsWay(Unavailable):
    """A call that is in no process's hand: it comes to one, as far as anybody knows."""


_KINDS = {
    kind.__name__: kind for kind in (UnknownCall, CallEnded, Invalid, NotPossible, Unavailable)
}


def from_dict(data: Mapping[str, Any]) -> ControlError:
    """What `as_dict` gave in another process."""
    kind = _KINDS.get(data["kind"], NotPossible)
    return kind(data["message"], code=data["code"], attribute=data["attribute"])
