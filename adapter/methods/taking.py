"""`connect` to `queue:NAME`, for a call: `adapter.queues.taking` with what the call has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from gevent.event import Event as Flag

from adapter.methods.context import Context
from adapter.methods.meeting import meeting_of
from adapter.queues.hop import Hop
from adapter.queues.names import hop_to, queue_id
from adapter.queues.search import Line, Wanted
from adapter.queues.taking import Taking, Tells, Together
from adapter.store.queues import QueuedCall

RINGING = "ring:us"
"""What an answered caller hears while nobody else makes a sound."""


def line(context: Context, queue: str, until: float) -> Line:
    """A queue by its name, until so many Unix seconds; raises ValueError for what is no name."""
    return Line(queue_id(queue, context.identity.project_id), queue, until)


def taking_from(
    context: Context,
    lines: Sequence[Line],
    *,
    name: str,
    longest: float,
    answers_first: bool,
    heard: Sequence[str],
    tells: Tells,
) -> Taking:
    """Takes who has waited longest in one of the queues, or who comes.

    `name` is this connect's alone, the same whoever runs it. Raises what answering raises.
    """
    wanted = Wanted(lines, context.identity.node_id, name, longest)
    if answers_first:
        context.call.answer()
    return Taking(
        context.call,
        context.shared.queues,
        wanted,
        meets=partial(_meeting, context, name),
        plays=partial(_ring, context, heard) if answers_first else None,
        tells=tells,
    )


def _ring(context: Context, heard: Sequence[str], until: Flag) -> None:
    """The first of the sounds over and over, or a ringing tone."""
    context.play_while_waiting(heard[0] if heard else RINGING, until)


def _meeting(
    context: Context, name: str, taken: QueuedCall, when_met: Callable[[], None]
) -> Together:
    room, shared = taken.room or "", context.shared
    if taken.node_id == context.identity.node_id:
        return meeting_of(context, name, room, when_met)
    switches = shared.queues.switches
    return Hop(
        context.call,
        shared.outlet.towards(switches.place(taken.node_id), hop_to(room)),
        name=f"{name}{room}",
        when_met=when_met,
        unanswered=partial(switches.spare, taken.node_id),
        talks=shared.talks,
    )
