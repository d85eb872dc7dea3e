"""`connect` to `queue:NAME`, for a call: `adapter.queues.taking` with what the call has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gevent.event import Event as Flag

from adapter.connecting.outcome import Outcome
from adapter.methods.context import Context
from adapter.methods.meeting import meeting_of
from adapter.queues.names import queue_id
from adapter.queues.taking import Taking, Tells, Wanted

RINGING = "ring:us"
"""What an answered caller hears while nobody else makes a sound."""


def take_from(
    context: Context,
    queue: str,
    *,
    name: str,
    until: float,
    longest: float,
    answers_first: bool,
    heard: Sequence[str],
    tells: Tells,
) -> Outcome:
    """Take who has waited longest, or who comes before `until`; return when they have parted.

    `name` is this connect's alone, the same whoever runs it; `until` is in Unix seconds.
    Raises ValueError for what is no queue's name, `CallGone`, `SwitchError` and `StoreError`.
    """
    identity = context.identity
    wanted = Wanted(
        queue=queue_id(queue, identity.project_id),
        name=queue,
        node_id=identity.node_id,
        taker=name,
        until=until,
        longest=longest,
    )
    if answers_first:
        context.call.answer()
    return Taking(
        context.call,
        context.shared.queues,
        wanted,
        meets=partial(meeting_of, context, wanted.taker),
        plays=partial(_ring, context, heard) if answers_first else None,
        tells=tells,
    ).run()


def _ring(context: Context, heard: Sequence[str], until: Flag) -> None:
    """The first of the sounds over and over, or a ringing tone."""
    context.play_while_waiting(heard[0] if heard else RINGING, until)
