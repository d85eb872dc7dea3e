"""`enter_queue`: wait in a queue until somebody takes the call (SWML reference, enter_queue).

Who takes it is `connect: {to: "queue:NAME"}` of another call. How a call waits and how the two meet
is in `adapter.queues`. When they have parted, the call goes on with `transfer_after_bridge`, or
with the next step where there is none; when its time is over, with the next step.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from pydantic import Field

from adapter.call_facts import call_facts
from adapter.methods.afterwards import go_on
from adapter.methods.context import Context
from adapter.methods.meeting import meeting_of
from adapter.queues.entering import Entering, QueueFull, Waited
from adapter.queues.names import queue_id
from adapter.queues.telling import EVENT, facts, told
from adapter.store.errors import StoreError
from adapter.store.queues import Place, QueuedCall
from adapter.swml.catalog import MethodSpec, Shorthand
from adapter.swml.effects import Result
from adapter.swml.errors import Code, ScriptError
from adapter.swml.parameters import Parameters


class EnterQueue(Parameters):
    """Wait for `connect: {to: "queue:<name>"}` of another call."""

    queue_name: str = Field(description="name of the queue, made if there is none")
    transfer_after_bridge: str | dict[str, Any] | None = Field(
        None, description="document, or its URL, to go on with after the bridge"
    )
    status_url: str | None = Field(None, description="where status callbacks are POSTed")
    wait_url: str | None = Field(None, description="document or media heard while waiting")
    wait_time: int = Field(3600, ge=1, description="seconds to wait")


SPEC = MethodSpec(
    "enter_queue",
    EnterQueue,
    Shorthand(scalar="queue_name"),
    documents=("transfer_after_bridge",),
    result_variable="queue_result",
)

ONCE = True
"""Where it stands is stored before the call waits: its place is the same if we die."""

UNKNOWN = -1
"""Where a place or a time is not known (SWML reference)."""


def perform(context: Context, params: EnterQueue) -> Result:
    """Wait, talk, and go on when one of both has left."""
    context.call.answer()
    try:
        own = _place(context, params)
        waited = Entering(
            context.call,
            context.shared.queues,
            own,
            meets=partial(meeting_of, context, own.id),
            plays=lambda until: context.play_while_waiting(params.wait_url, until),
            tells=lambda status, place: _tell_clients(context, status, place),
        ).run(params.wait_time)
    except (ValueError, QueueFull, StoreError) as error:
        failed = _variables(Waited("failed", UNKNOWN, None))
        return Result(failed, error=ScriptError(Code.EXECUTE_FAILED, f"enter_queue: {error}"))
    if waited.result == "timeout":
        return Result(_variables(waited))
    # Keys that were pressed were for the other party.
    context.digits.forget()
    return go_on(context, "enter_queue", params.transfer_after_bridge, _variables(waited))


def stay_of(context: Context) -> str:
    """Names this step's stay in its queue."""
    return f"{context.identity.event_channel}/{context.step}"


def _tell_clients(context: Context, status: str, place: Place) -> None:
    """Who has the call hears of it; at `status_url` the queue itself tells it."""
    context.tell(None, EVENT, **told(status, place))


def _place(context: Context, params: EnterQueue) -> QueuedCall:
    identity, name = context.identity, params.queue_name.strip()
    seen = call_facts(context.call.channel, identity)
    kind, now = seen["type"], context.now()
    ends = ("from", "to") if kind == "sip" else ("from_number", "to_number")
    return QueuedCall(
        id=stay_of(context),
        queue=queue_id(name, identity.project_id),
        node_id=identity.node_id,
        call_id=identity.call_id,
        worker=context.shared.queues.worker,
        entered_at=context.began or now,
        seen_at=now,
        facts=facts(
            identity,
            name=name,
            status_url=params.status_url,
            control_id=context.control_id or str(uuid.uuid4()),
            device={
                "type": "sip" if kind == "sip" else "phone",
                "params": dict(zip(ends, (seen["from"], seen["to"]), strict=True)),
            },
        ),
    )


def _variables(waited: Waited) -> dict[str, Any]:
    place = waited.place
    return {
        "queue_result": waited.result,
        "wait_time": int(waited.seconds),
        "entry_position": place.position if place else UNKNOWN,
        "entry_size": place.size if place else UNKNOWN,
    }
