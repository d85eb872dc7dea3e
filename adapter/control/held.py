"""Commands for a call that RELAY's clients have: its own step does what a step of a document does.

    calling.pay, .send_fax, .receive_fax  →  the method's `perform`, in the step that holds the call
                                          →  calling.call.pay, .fax     `state`: finished or error
    calling.echo                          →  echo, until its `timeout`  `state`: echoing, finished
    calling.hold, .unhold                 →  the switch's music         `state`: hold, unhold

One after the other, as a document does them. What runs is ended by `calling.pay.stop` and its like
(`adapter.control.stopping`). If we die, what ran is over for its clients; one that gives the
command again with its `control_id` pays by the same transaction's id, and finds the fax that went
on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event as Flag
from pydantic import Field

from adapter.control.command import Command, Nothing
from adapter.control.errors import NotPossible
from adapter.methods import pay, receive_fax, send_fax
from adapter.methods.commanded import Perform, Told, do, tell_faxed, tell_paid
from adapter.methods.relay import HELD, Held
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.methods.context import Context

LONGEST_ECHO = 3600.0

MARGIN = 10.0
"""Seconds for the switch to say that an echo is over."""


class Pay(pay.Pay):
    """Take a payment."""

    control_id: str = Field("", max_length=128)


class SendFax(send_fax.SendFax):
    """Send a fax."""

    control_id: str = Field("", max_length=128)


class ReceiveFax(receive_fax.ReceiveFax):
    """Receive one."""

    control_id: str = Field("", max_length=128)


class Echo(Parameters):
    """Let the party hear itself, for so many seconds."""

    timeout: float = Field(30.0, gt=0, le=LONGEST_ECHO)
    status_url: str | None = None


def held_by(control: CallControl, what: str) -> Held:
    """The step that holds the call; raises `NotPossible` where there is none."""
    held = control.context.running.get(HELD)
    if not isinstance(held, Held):
        raise NotPossible(
            f"Only a call that RELAY clients were offered is {what} by them; give this one a"
            " document with calling.transfer."
        )
    return held


# -- what a step of a document does --------------------------------------------------------------


def start_pay(control: CallControl, params: Pay) -> None:
    """Begin, when what was begun before is over."""
    _begin(control, "pay", params.control_id, partial(pay.perform, params=params), tell_paid)


def start_send_fax(control: CallControl, params: SendFax) -> None:
    """The same."""
    perform = partial(send_fax.perform, params=params)
    _begin(control, "fax", params.control_id, perform, _faxed("send"))


def start_receive_fax(control: CallControl, params: ReceiveFax) -> None:
    """The same."""
    perform = partial(receive_fax.perform, params=params)
    _begin(control, "fax", params.control_id, perform, _faxed("receive"))


def _faxed(direction: str) -> Told:
    return lambda context, result: tell_faxed(context, direction, result)


def _begin(control: CallControl, kind: str, control_id: str, perform: Perform, told: Told) -> None:
    known = control_id or control.new_id()
    held_by(control, "given this").do(lambda holding: do(holding, known, kind, perform, told))


# -- what no step of a document does -------------------------------------------------------------


def echo(control: CallControl, params: Echo) -> None:
    """Begin; it ends by itself, or by `calling.echo.stop`."""
    url = params.status_url

    def job(context: Context, over: Flag) -> None:
        ending = gevent.spawn_later(params.timeout, over.set)
        try:
            context.call.execute("echo", deadline=params.timeout + MARGIN, until=over)
        finally:
            ending.kill()

    _run(control, "echo", "echoed", url, ("echoing", "finished"), job)


def hold(control: CallControl, _: Nothing) -> None:
    """Play the switch's music from now on; not to a call that something else is done with."""
    held = held_by(control, "put on hold")
    if held.busy:
        raise NotPossible(
            "Something else is done with the call, as a connect: only one that waits for commands"
            " is put on hold."
        )

    def job(context: Context, over: Flag) -> None:
        context.play_while_waiting(None, over)

    _run(control, "hold", "put on hold", None, ("hold", "unhold"), job)


def _run(
    control: CallControl,
    name: str,
    what: str,
    url: str | None,
    states: tuple[str, str],
    do: Callable[[Context, Flag], object],
) -> None:
    """Do it in the call's own step, until its flag in `Context.running` is set."""

    def job(holding: Context) -> None:
        context = holding.in_step(-time.time_ns(), holding.variables)
        over = context.running[name] = Flag()
        try:
            context.call.answer()
            context.tell(url, f"calling.call.{name}", state=states[0])
            do(context, over)
            context.tell(url, f"calling.call.{name}", state=states[1])
        finally:
            del context.running[name]

    held_by(control, what).do(job)


def stop_echo(control: CallControl, _: Nothing) -> None:
    """Enough."""
    _end(control, "echo")


def unhold(control: CallControl, _: Nothing) -> None:
    """The music ends."""
    _end(control, "hold")


def _end(control: CallControl, name: str) -> None:
    over = control.context.running.get(name)
    if not isinstance(over, Flag):
        raise NotPossible(f"There is no {name} on this call.")
    over.set()


COMMANDS = (
    Command("calling.pay", Pay, start_pay, relay_only=True),
    Command("calling.send_fax", SendFax, start_send_fax, relay_only=True),
    Command("calling.receive_fax", ReceiveFax, start_receive_fax, relay_only=True),
    Command("calling.echo", Echo, echo, relay_only=True),
    Command("calling.echo.stop", Nothing, stop_echo, relay_only=True),
    Command("calling.hold", Nothing, hold, relay_only=True),
    Command("calling.unhold", Nothing, unhold, relay_only=True),
)
