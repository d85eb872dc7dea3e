"""`calling.bind_digit`: keys that the party presses give a command, while something else is done.

    calling.bind_digit              →  nothing on the switch
                                    ←  DTMF, DTMF: the last of its `digits`
    its `bind_method` with `params` →  whatever that command does
    calling.clear_digit_bindings    →  nothing: those of a `realm`, or all, are gone

Whoever asks for keys besides has them as well. Who has the call hears of what was begun as if it
had given the command; what is refused then is a line in the log. While a payment is taken keys give
no commands. Bindings end with this process: a client that finds its call again binds anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import Field

from adapter.control.command import Command
from adapter.control.errors import ControlError, Invalid, NotPossible
from adapter.greenlets import spawn
from adapter.methods.pay_dialogue import RUNNING as PAYING
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.freeswitch.wire import Event

MOST = 64
"""Bindings of one call."""

LONGEST = 32
PAUSE_SECONDS = 3.0
"""After so long a key begins a new sequence."""

Perform = Callable[["CallControl", str, Mapping[str, Any]], object]


class BindDigit(Parameters):
    """Which keys, and the command that they give."""

    digits: str = Field(pattern=rf"^[0-9A-Da-d*#]{{1,{LONGEST}}}$")
    bind_method: str
    params: dict[str, Any] = Field(default_factory=dict)
    realm: str = Field("", max_length=128)
    max_triggers: int | None = Field(None, ge=0)


class Clear(Parameters):
    """Which ones; all without a realm."""

    realm: str | None = Field(None, max_length=128)


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


def family(known: Mapping[str, Command], perform: Perform) -> tuple[Command, ...]:
    """The two commands; `known` are those that keys may give, `perform` gives them."""

    def bind(control: CallControl, params: BindDigit) -> None:
        command = known.get(f"calling.{params.bind_method.removeprefix('calling.')}")
        if command is None:
            raise Invalid(
                f"{params.bind_method[:60]} is no command that a key can give here.",
                attribute="bind_method",
            )
        command.parse(params.params)
        if control.bindings is None:
            control.bindings = Bindings(partial(_give, control, perform))
            control.call.on("DTMF", partial(_press, control, control.bindings))
        control.bindings.bind(params)

    def clear(control: CallControl, params: Clear) -> None:
        if control.bindings is not None:
            control.bindings.clear(params.realm)

    return (
        Command("calling.bind_digit", BindDigit, bind, relay_only=True),
        Command("calling.clear_digit_bindings", Clear, clear, relay_only=True),
    )


def _press(control: CallControl, bindings: Bindings, event: Event) -> None:
    if PAYING in control.context.running:
        bindings.forget()
    else:
        bindings.press(event.get("DTMF-Digit"), time.monotonic())


def _give(control: CallControl, perform: Perform, wanted: BindDigit) -> None:
    name = f"calling.{wanted.bind_method.removeprefix('calling.')}"
    spawn(_perform, control, perform, name, wanted.params, name=f"key of {control.call_id}")


def _perform(control: CallControl, perform: Perform, name: str, params: Mapping[str, Any]) -> None:
    try:
        perform(control, name, params)
    except ControlError as error:
        control.log.info("what a key was bound to is refused", command=name, reason=str(error))
    except Exception:
        control.log.exception("what a key was bound to failed inside the adapter", command=name)
