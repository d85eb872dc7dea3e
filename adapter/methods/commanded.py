"""Steps that a client commands: done in the step that holds its call, and told to the client alone.

command          →  the method's `perform`, in a step whose number is made of the `control_id`
it is over       →  calling.call.pay, .fax    `state`: finished or error
we died          →  what went on without us is over when the call is back: it is told then
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import structlog

from adapter.conferences.entry import STAY_VARIABLE, Stay
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.freeswitch.faxes import ALONE_VARIABLE
from adapter.log import about
from adapter.methods.context import Context
from adapter.methods.receive_fax import outcome_of, resumed
from adapter.queues.kept import QUEUE_VARIABLE
from adapter.recording.state import State
from adapter.store.errors import StoreError
from adapter.store.rows import FAX
from adapter.swml.effects import Result
from adapter.swml.errors import ScriptError

log = structlog.get_logger()

TAKEN_UP = "commanded"
"""Under which `Context.running` has that what went on alone has been looked for."""

Perform = Callable[[Context], Result]
Told = Callable[[Context, Result], None]


def do(holding: Context, control_id: str, kind: str, perform: Perform, told: Told) -> None:
    """Do it, and tell what came of it. Raises `CallGone`."""
    number = _number(control_id)
    context = holding.in_step(number, holding.variables, control_id=control_id)
    with about(control_id=control_id):
        try:
            result = perform(context)
        except CallGone:
            raise
        except (ScriptError, SwitchError, StoreError) as error:
            log.info("what a client commanded has failed", reason=str(error))
            tell(context, kind, "error", error=str(error))
            return
        told(context, result)


def _number(control_id: str) -> int:
    """Below all steps of a script, and the same whenever this command is given."""
    return -1 - int.from_bytes(hashlib.sha256(control_id.encode()).digest()[:6], "big")


def tell(context: Context, kind: str, state: str, **more: Any) -> None:
    """Tell the clients that have the call."""
    more = {"control_id": context.control_id, "state": state, **more}
    context.tell(None, f"calling.call.{kind}", **more)


def _state(result: Result) -> str:
    return "finished" if result.error is None else "error"


def tell_paid(context: Context, result: Result) -> None:
    """What became of a payment; at its `status_url` each step has been told."""
    found = result.variables
    ended = {"result": found["pay_result"], **found["pay_payment_results"]}
    tell(context, "pay", _state(result), **ended)


def tell_parted(context: Context, result: Result, *, name: str) -> None:
    """A conference that the call could not join; all else is told as it happens."""
    if result.error is not None:
        context.tell(
            None, "calling.conference", name=name, status="failed", error=str(result.error)
        )


def tell_queued(context: Context, result: Result) -> None:
    """The call waits for commands again: nobody came, it left, or the two have parted."""
    tell(context, "queue", _state(result), result=result.variables["queue_result"])


def tell_faxed(context: Context, direction: str, result: Result) -> None:
    """What became of a fax; at its `status_url` it has been told."""
    found = {name.partition("_fax_")[2]: value for name, value in result.variables.items()}
    facts: dict[str, Any] = {
        **{name: found[name] for name in ("document", "identity", "remote_identity", "pages")},
        "direction": direction,
        "success": found["result"] == "success",
        "result": found["result_code"],
        "result_text": found["result_text"],
    }
    tell(context, "fax", _state(result), fax={"type": "finished", "params": facts})


def take_up(context: Context) -> None:
    """What went on alone while nobody was here is over, since the call is here again.

    Its fax is told of, its place in a queue is given up, and the call outlives us as before.
    """
    if context.running.get(TAKEN_UP):
        return
    context.running[TAKEN_UP] = True
    ours = f"{context.identity.event_channel}/-"
    call = context.call
    stay = Stay.parse(call.variable(STAY_VARIABLE))
    if stay is not None and stay.name.startswith(ours) and stay.on_its_own:
        call.set_variables({STAY_VARIABLE: "", "socket_resume": stay.resume})
    elif call.variable(ALONE_VARIABLE):
        _take_up_fax(context)
    waited = call.variable(QUEUE_VARIABLE).partition(" ")[0]
    if waited.startswith(ours):
        context.shared.queues.leave(waited, though_taken=True)


def _take_up_fax(context: Context) -> None:
    faxes = context.shared.media.faxes
    fax = faxes.last_commanded(context.call.uuid)
    if fax is None:
        return
    step = context.in_step(fax.options[FAX]["step"], {}, control_id=fax.control_id)
    fax = resumed(step) or fax
    if not State(fax.state).final:
        fax = faxes.finish(fax)
    method = f"{fax.direction}_fax"
    tell_faxed(step, fax.direction or "", outcome_of(method, faxes, fax))
