"""Commands for a call that RELAY's clients have: its own step does what a step of a document does.

    calling.pay, .send_fax, .receive_fax  →  the method's `perform`, in the step that holds the call
                                          →  calling.call.pay, .fax     `state`: finished or error
    calling.join_conference, .leave_…     →  the same                   calling.conference
    calling.join_room, .leave_room        →  the room's sound           calling.conference
    calling.queue.enter, .queue.leave     →                             calling.call.queue
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
from adapter.control.errors import Invalid, NotPossible
from adapter.control.steps import web_url
from adapter.freeswitch import conferences
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.methods import enter_queue, join_conference, join_room, pay, receive_fax, send_fax
from adapter.methods.commanded import (
    Perform,
    Told,
    do,
    tell_faxed,
    tell_paid,
    tell_parted,
    tell_queued,
)
from adapter.methods.relay import HELD, Held
from adapter.swml.parameters import Parameters

if TYPE_CHECKING:
    from adapter.control.call_control import CallControl
    from adapter.methods.context import Context
    from adapter.swml.effects import Result

LONGEST_ECHO = 3600.0

CONFERENCE, QUEUE = "join_conference", "enter_queue"
"""Under which `Context.running` has the switch's name of the conference, and the queue's name and
the stay in it."""

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


class JoinRoom(join_room.JoinRoom):
    """Join a room; who comes and goes is told at `status_url`."""

    status_url: str | None = None


class EnterQueue(enter_queue.EnterQueue):
    """Wait in a queue."""

    control_id: str = Field("", max_length=128)


class LeaveQueue(Parameters):
    """Which one."""

    queue_name: str


class Leave(Parameters):
    """Which conference, by the id that its events have."""

    conference_id: str


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


# -- among others --------------------------------------------------------------------------------


def join(control: CallControl, params: join_conference.JoinConference) -> None:
    """Begin; it ends when the call leaves."""
    _join(control, params.name, partial(join_conference.perform, params=params))


def join_a_room(control: CallControl, params: JoinRoom) -> None:
    """The same."""
    url = web_url(params.status_url)
    _join(control, params.name, partial(join_room.enter, name=params.name, told=url))


def _join(control: CallControl, name: str, take_part: Perform) -> None:
    def perform(context: Context) -> Result:
        shared = context.shared
        context.running[CONFERENCE] = shared.conferences.room(name, context.identity.project_id)
        try:
            return take_part(context)
        finally:
            del context.running[CONFERENCE]

    _begin(control, "conference", "", perform, partial(tell_parted, name=name))


def leave(control: CallControl, params: Leave) -> None:
    """Leave the conference in which the call is, and wait for commands again."""
    room = _joined(control)
    if control.call.api(conferences.ask(room, "uuid")) != params.conference_id:
        raise Invalid("The call is in another conference.", attribute="conference_id")
    _leave(control, room)


def leave_room(control: CallControl, _: Nothing) -> None:
    """The same, of whatever it has joined."""
    _leave(control, _joined(control))


def _joined(control: CallControl) -> str:
    room = control.context.running.get(CONFERENCE)
    if not isinstance(room, str):
        raise NotPossible("The call is in no conference and no room that it was told to join.")
    return room


def _leave(control: CallControl, room: str) -> None:
    members = conferences.parsed_members(control.call.api(conferences.members(room)))
    for member in members:
        if member.uuid == control.call_id:
            control.call.api(conferences.leave(room, member.id))


def enter(control: CallControl, params: EnterQueue) -> None:
    """Begin; it ends when somebody has taken the call and they have parted, or it leaves."""

    def perform(context: Context) -> Result:
        context.running[QUEUE] = (params.queue_name.strip(), enter_queue.stay_of(context))
        try:
            return enter_queue.perform(context, params)
        finally:
            del context.running[QUEUE]

    _begin(control, "queue", params.control_id, perform, tell_queued)


def leave_queue(control: CallControl, params: LeaveQueue) -> None:
    """Wait no more."""
    name, stay = control.context.running.get(QUEUE, ("", ""))
    if not stay or name != params.queue_name.strip():
        raise Invalid("The call is not in this queue.", attribute="queue_name")
    if not control.context.shared.queues.call_off(stay):
        raise NotPossible("Somebody has taken the call: calling.disconnect parts the two.")


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
    act: Callable[[Context, Flag], object],
) -> None:
    """Do it in the call's own step, until its flag in `Context.running` is set."""

    def job(holding: Context) -> None:
        context = holding.in_step(-time.time_ns(), holding.variables)
        over = context.running[name] = Flag()
        try:
            context.call.answer()
            context.tell(url, f"calling.call.{name}", state=states[0])
            act(context, over)
            context.tell(url, f"calling.call.{name}", state=states[1])
        except CallGone:
            raise
        except SwitchError as error:
            control.log.warning("what a client commanded has failed", reason=str(error))
            context.tell(url, f"calling.call.{name}", state="error")
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
    Command("calling.join_conference", join_conference.JoinConference, join, relay_only=True),
    Command("calling.leave_conference", Leave, leave, relay_only=True),
    Command("calling.join_room", JoinRoom, join_a_room, relay_only=True),
    Command("calling.leave_room", Nothing, leave_room, relay_only=True),
    Command("calling.queue.enter", EnterQueue, enter, relay_only=True),
    Command("calling.queue.leave", LeaveQueue, leave_queue, relay_only=True),
    Command("calling.echo", Echo, echo, relay_only=True),
    Command("calling.echo.stop", Nothing, stop_echo, relay_only=True),
    Command("calling.hold", Nothing, hold, relay_only=True),
    Command("calling.unhold", Nothing, unhold, relay_only=True),
)
