"""What a person does to stored callbacks: send them now, or drop them, a page at a time.

The pages keep each transaction short, so that a running adapter writes in between. A callback that
is being sent stays with who sends it: only its outcome may change it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from adapter.store.housekeeping import PAGE, Page
from adapter.store.queries import callback_conditions
from adapter.store.rows import CallbackFilter, CallbackState
from adapter.store.tables import FAILED, PENDING, callbacks

UNDELIVERED = (CallbackState.PENDING, CallbackState.FAILED)
"""Pending first: what is put back is pending then, and must not be counted twice."""


def by_state(wanted: CallbackFilter) -> list[CallbackFilter]:
    """The filter for each state of its own, as each has an index of its own."""
    states = [wanted.state] if wanted.state is not None else UNDELIVERED
    return [replace(wanted, state=state) for state in states if state in UNDELIVERED]


def retry(connection: sa.Connection, *, wanted: CallbackFilter, now: float, after: int) -> Page:
    """Make callbacks due now; failed ones become pending, with the patience of a new one.

    What waits behind them in their streams becomes due with them. One whose address cannot be used
    has no receiver, and stays failed.
    """
    rows = _page(connection, wanted, after, callbacks.c.origin != "")
    _put_back(connection, (row.position for row in rows), now)
    _hurry(connection, {row.stream for row in rows}, now)
    return _end(rows)


def drop(connection: sa.Connection, *, wanted: CallbackFilter, after: int) -> Page:
    """Delete callbacks that were not delivered."""
    rows = _page(connection, wanted, after)
    positions = [row.position for row in rows]
    connection.execute(sa.delete(callbacks).where(callbacks.c.position.in_(positions)))
    return _end(rows)


def _page(
    connection: sa.Connection, wanted: CallbackFilter, after: int, *more: sa.ColumnElement[bool]
) -> Sequence[Any]:
    conditions = [*callback_conditions(replace(wanted, origin=None)), *more]
    if wanted.origin is not None:
        # As an expression, so that rows are read in their order and not sorted for every page.
        conditions.append(callbacks.c.origin.concat("") == wanted.origin)
    query = (
        sa.select(callbacks.c.position, callbacks.c.stream)
        .where(callbacks.c.position > after, *conditions)
        .order_by(callbacks.c.position)
        .limit(PAGE)
    )
    return connection.execute(query).all()


def _end(rows: Sequence[Any]) -> Page:
    return Page(count=len(rows), last=rows[-1].position if len(rows) == PAGE else None)


def _put_back(connection: sa.Connection, positions: Iterable[int], now: float) -> None:
    connection.execute(
        sa.update(callbacks)
        .where(callbacks.c.position.in_(list(positions)), callbacks.c.state == FAILED)
        .values(
            state=CallbackState.PENDING,
            attempts=0,
            next_attempt_at=now,
            retried_at=now,
            finished_at=None,
        )
    )


def _hurry(connection: sa.Connection, streams: set[str], now: float) -> None:
    connection.execute(
        sa.update(callbacks)
        .where(
            callbacks.c.stream.in_(streams),
            callbacks.c.state == PENDING,
            callbacks.c.next_attempt_at > now,
        )
        .values(next_attempt_at=now)
    )
