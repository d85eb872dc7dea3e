"""Deleting what is no longer needed, a page at a time.

Callbacks are stored in the order of time, so a walk from the oldest ends at the first one that is
too young; the pages keep each transaction short. Failed callbacks stay: they are the list of what
was never delivered.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from adapter.store.tables import call_events, call_logs, callbacks, calls, recordings

PAGE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """How many rows were changed or deleted; `last` is where the next page begins, or None."""

    count: int
    last: int | None


def forget_callbacks(connection: sa.Connection, *, before: float, after: int) -> Page:
    """Delete delivered callbacks made before this Unix time from one page of the table."""
    too_old = callbacks.c.created_at < before
    query = (
        sa.select(callbacks.c.position, callbacks.c.state, too_old.label("old"))
        .where(callbacks.c.position > after)
        .order_by(callbacks.c.position)
        .limit(PAGE)
    )
    rows = connection.execute(query).all()
    old = [row.position for row in rows if row.old and row.state == "delivered"]
    if old:
        connection.execute(sa.delete(callbacks).where(callbacks.c.position.in_(old)))
    more = len(rows) == PAGE and rows[-1].old
    return Page(count=len(old), last=rows[-1].position if more else None)


def forget_calls(connection: sa.Connection, *, before: float) -> int:
    """Delete up to a page of calls that ended, or last moved on, before this time; how many.

    A call whose adapter was killed, and which did not come back, is never said to have ended.
    """
    over = calls.c.ended_at < before
    left = calls.c.ended_at.is_(None) & (calls.c.updated_at < before)
    old = sa.select(calls.c.call_id).where(over | left).limit(PAGE)
    return connection.execute(sa.delete(calls).where(calls.c.call_id.in_(old))).rowcount


def forget_call_logs(connection: sa.Connection, *, before: float) -> int:
    """Delete up to a page of calls, with their events, that began before this time; how many."""
    query = sa.select(call_logs.c.id).where(call_logs.c.created_at < before).limit(PAGE)
    old = list(connection.execute(query).scalars())
    connection.execute(sa.delete(call_events).where(call_events.c.call_id.in_(old)))
    connection.execute(sa.delete(call_logs).where(call_logs.c.id.in_(old)))
    return len(old)


def forget_recordings(connection: sa.Connection, *, before: float) -> int:
    """Delete up to a page of rows whose files were deleted before this Unix time; how many."""
    old = sa.select(recordings.c.id).where(recordings.c.deleted_at < before).limit(PAGE)
    return connection.execute(sa.delete(recordings).where(recordings.c.id.in_(old))).rowcount
