"""Which callbacks to send now, and that no one else sends them meanwhile.

A claim is a lease: the adapter that takes a callback holds it until `claimed_until`; if it dies,
another one takes the callback after that. Only the first pending callback of a stream can be
taken for a receiver, so order holds however many adapters there are. Between different receivers
there is no order: one that is down must not hold back another's callbacks.

Everything goes by receiver (`origin`), each a short range of the index `callbacks_due`: a million
callbacks that wait for one silent receiver are not in the way of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter

import sqlalchemy as sa

from adapter.store.rows import Callback
from adapter.store.tables import PENDING, callbacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """How many callbacks may be taken for one receiver."""

    origin: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken for a receiver.

    If that is less than wanted, nothing else is due now, and `next_due` says when something is.
    """

    origin: str
    callbacks: Sequence[Callback]
    next_due: float | None


def take(
    connection: sa.Connection, wants: Sequence[Want], *, worker: str, now: float, until: float
) -> list[Taken]:
    """Claim due callbacks for `worker` until the Unix time `until`, oldest due first."""
    return [_take_for(connection, want, worker, now, until) for want in wants]


def _take_for(
    connection: sa.Connection, want: Want, worker: str, now: float, until: float
) -> Taken:
    values = {"due_origin": want.origin, "now": now}
    claim = {"wanted": want.limit, "worker": worker, "until": until}
    rows = connection.execute(_take_statement(connection.dialect.name), values | claim)
    found = sorted(
        (Callback(**row) for row in rows.mappings()), key=attrgetter("next_attempt_at", "position")
    )
    if len(found) == want.limit:
        return Taken(origin=want.origin, callbacks=found, next_due=None)
    later = connection.execute(_next_due_statement(), values).scalar()
    return Taken(origin=want.origin, callbacks=found, next_due=later)


def release(connection: sa.Connection, worker: str) -> int:
    """Give back all claims of `worker`; how many there were."""
    done = connection.execute(
        sa.update(callbacks)
        .where(callbacks.c.claimed_by == worker)
        .values(claimed_by=None, claimed_until=None)
    )
    return done.rowcount


def origins(connection: sa.Connection, *, after: str, limit: int) -> list[str]:
    """Receivers with pending callbacks, in order, those behind `after`.

    One index seek per receiver, however many callbacks each has.
    """
    found: list[str] = []
    while len(found) < limit:
        values = {"after": found[-1] if found else after}
        origin = connection.execute(_next_origin_statement(), values).scalar()
        if origin is None:
            break
        found.append(origin)
    return found


@cache
def _take_statement(dialect: str) -> sa.Executable:
    row, earlier = callbacks.alias("due"), callbacks.alias("earlier")
    blocked = sa.exists().where(
        earlier.c.stream == row.c.stream,
        earlier.c.position < row.c.position,
        earlier.c.origin == row.c.origin,
        earlier.c.state == PENDING,
    )
    due = (
        sa.select(row.c.position)
        .where(
            row.c.state == PENDING,
            row.c.origin == sa.bindparam("due_origin"),
            row.c.next_attempt_at <= sa.bindparam("now"),
            sa.func.coalesce(row.c.claimed_until, 0) <= sa.bindparam("now"),
            ~blocked,
        )
        .order_by(row.c.next_attempt_at)
        .limit(sa.bindparam("wanted", type_=sa.Integer))
        .with_for_update(skip_locked=True)
    )
    position = callbacks.c.position
    chosen: sa.ColumnElement[bool] = position.in_(due)
    if dialect == "postgresql":
        # It may run the subquery of an IN again for each row, and take more than is wanted.
        chosen = position == sa.any_(sa.func.array(due.scalar_subquery()))
    return (
        sa.update(callbacks)
        .where(chosen)
        .values(claimed_by=sa.bindparam("worker"), claimed_until=sa.bindparam("until"))
        .returning(callbacks)
    )


@cache
def _next_due_statement() -> sa.Executable:
    return (
        sa.select(callbacks.c.next_attempt_at)
        .where(
            callbacks.c.state == PENDING,
            callbacks.c.origin == sa.bindparam("due_origin"),
            callbacks.c.next_attempt_at > sa.bindparam("now"),
        )
        .order_by(callbacks.c.next_attempt_at)
        .limit(1)
    )


@cache
def _next_origin_statement() -> sa.Executable:
    return (
        sa.select(callbacks.c.origin)
        .where(callbacks.c.state == PENDING, callbacks.c.origin > sa.bindparam("after"))
        .order_by(callbacks.c.origin)
        .limit(1)
    )
