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
from adapter.control.errors import ControlError, Invalid
from adapter.control.sequences import BindDigit, Bindings
from adapter.greenlets import spawn
from adapter.methods.pay_dialogue import RUNNING as PAYING
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.freeswitch.wire import Event

Perform = Callable[["CallControl", str, Mapping[str, Any]], object]


class Clear(Parameters):
    """Which ones; all without a realm."""

    realm: str | None = Field(None, max_length=128)


def family(known: Mapping[str, Command], perform: Perform) -> tuple[Command, ...]:
    """The two commands; `known` are those that keys may give, `perform` gives them."""

    def bind(control: CallControl, params: BindDigit) -> None:
        command = known.get(_named(params))
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


def _named(wanted: BindDigit) -> str:
    return f"calling.{wanted.bind_method.removeprefix('calling.')}"


def _give(control: CallControl, perform: Perform, wanted: BindDigit) -> None:
    spawn(
        _perform, control, perform, _named(wanted), wanted.params, name=f"key of {control.call_id}"
    )


def _perform(control: CallControl, perform: Perform, name: str, params: Mapping[str, Any]) -> None:
    try:
        perform(control, name, params)
    except ControlError as error:
        control.log.info("what a key was bound to is refused", command=name, reason=str(error))
    except Exception:
        control.log.exception("what a key was bound to failed inside the adapter", command=name)
