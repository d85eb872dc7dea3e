"""Sequences of keys and what they are bound to, of one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from adapter.control.errors import NotPossible
from adapter.swml.parameters import Parameters

MOST = 64
"""Bindings of one call."""

LONGEST = 32
PAUSE_SECONDS = 3.0
"""After so long a key begins a new sequence."""


class BindDigit(Parameters):
    """Which keys, and the command that they give."""

    digits: str = Field(pattern=rf"^[0-9A-Da-d*#]{{1,{LONGEST}}}$")
    bind_method: str
    params: dict[str, Any] = Field(default_factory=dict)
    realm: str = Field("", max_length=128)
    max_triggers: int | None = Field(None, ge=0)


class Bindings:
    """Those of one call, the newest last."""

    def __init__(self, give: Callable[[BindDigit], object]) -> None:
        """`give` is called with what was typed in full; it must not block."""
        self._give = give
        self._bound: dict[tuple[str, str], BindDigit] = {}
        self._left: dict[tuple[str, str], int] = {}
        self._typed, self._heard_at = "", 0.0

    def bind(self, wanted: BindDigit) -> None:
        """From now on, instead of what these keys gave in this realm; raises `NotPossible`."""
        key = (wanted.realm, wanted.digits.upper())
        self._bound.pop(key, None)
        if len(self._bound) >= MOST:
            raise NotPossible(f"The call has {MOST} bindings: clear those of a realm.")
        self._bound[key] = wanted
        self._left[key] = wanted.max_triggers or 0

    def clear(self, realm: str | None) -> None:
        """Forget those of a realm, or all."""
        self._bound = {
            key: each for key, each in self._bound.items() if realm not in (None, key[0])
        }

    def forget(self) -> None:
        """What was pressed so far is no beginning of a sequence."""
        self._typed = ""

    def press(self, key: str, now: float) -> None:
        """A key was pressed, at a moment of the monotonic clock."""
        if now - self._heard_at > PAUSE_SECONDS:
            self._typed = ""
        self._typed, self._heard_at = (self._typed + key.upper())[-LONGEST:], now
        typed = [each for each in reversed(self._bound) if self._typed.endswith(each[1])]
        if typed:
            self._take(max(typed, key=lambda each: len(each[1])))

    def _take(self, key: tuple[str, str]) -> None:
        wanted, (_, digits) = self._bound[key], key
        if not any(more != digits and more.startswith(digits) for _, more in self._bound):
            self._typed = ""
        self._left[key] -= 1
        if self._left[key] == 0:
            del self._bound[key]
        self._give(wanted)
