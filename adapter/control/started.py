"""What was started on a call under a `control_id`, and may be told more by it."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from adapter.control.errors import Invalid, NotPossible

REMEMBERED = 1000
"""Of one call: what is over is known for so many more."""


class Ends(Protocol):
    """Something that is over at some time."""

    @property
    def over(self) -> bool: ...

    def settle(self, seconds: float) -> None:
        """Wait until it has said so."""


Thing = TypeVar("Thing", bound=Ends)


class Started(Generic[Thing]):
    """Things of one kind (`what`: for messages), of which `at_once` may run."""

    def __init__(self, what: str, at_once: int) -> None:
        self._what = what
        self._at_once = at_once
        self._by_id: dict[str, Thing] = {}

    def check(self, control_id: str) -> None:
        """Raise `Invalid` or `NotPossible` where no other one may start under this id."""
        known = self._by_id.get(control_id)
        if known is not None and not known.over:
            raise Invalid(
                f"A {self._what} {control_id!r} runs on this call.", attribute="control_id"
            )
        running = sum(not each.over for each in self._by_id.values())
        if running >= self._at_once:
            raise NotPossible(f"This call has {running} of: {self._what}. Stop one first.")

    def add(self, control_id: str, thing: Thing) -> None:
        """It has started."""
        self._by_id.pop(control_id, None)
        self._by_id[control_id] = thing
        if len(self._by_id) > REMEMBERED:
            over = (name for name, each in self._by_id.items() if each.over)
            self._by_id.pop(next(over, ""), None)

    def settle(self, seconds: float) -> None:
        """Wait until all of them are over, and have said so."""
        for each in self._by_id.values():
            each.settle(seconds)

    def find(self, control_id: str) -> Thing:
        """The latest of this id, running or over; raises `Invalid`."""
        known = self._by_id.get(control_id)
        if known is None:
            message = f"No {self._what} {control_id!r} on this call."
            raise Invalid(message, attribute="control_id")
        return known
