"""Who waits in which queue, and that each is taken by one, in order.

The order is that of `entered_at`; a call that comes back after a crash keeps its own. A call is
taken by one statement, so that two adapters never get the same, and stays in the table until both
parties have met: if they do not, it is put back at its place. Every call says now and then that it
still waits (`seen`); who is not seen for long has nobody left to say that it has gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapter.store.tables import queue_totals, queued_calls

_ROW = queued_calls.c


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedCall:
    """One call in a queue.

    `id` names its stay, the same for whoever conducts the call. `queue` is the queue's own id.
    `taker` is the connect that took it, which waits in `room`. `facts` are what others need to
    tell of it; they must be JSON.
    """

    id: str
    queue: str
    node_id: str
    call_id: str
    worker: str
    entered_at: float
    seen_at: float
    taker: str | None = None
    room: str | None = None
    facts: Mapping[str, Any]

    @classmethod
    def of(cls, row: sa.RowMapping) -> QueuedCall:
        """From the table."""
        return cls(**{**row, "facts": json.loads(row["facts"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a call is in its queue: `position` from 1 of `size`; `average` wait in seconds."""

    call: QueuedCall
    position: int
    size: int
    average: float
    new: bool = False


def enter(connection: sa.Connection, call: QueuedCall, most: int) -> Place | None:
    """Come in, or come back to one's own place; None when there are `most` already."""
    known = _find(connection, call.id)
    if known is not None:
        _change(connection, call.id, worker=call.worker, seen_at=call.seen_at)
        return _place(connection, known)
    _in_turn(connection, call.queue)
    count = connection.execute(_count(call.queue)).scalar_one()
    if count >= most:
        return None
    values = {name: getattr(call, name) for name in _ROW.keys()}  # noqa: SIM118 - columns
    connection.execute(
        sa.insert(queued_calls), values | {"facts": json.dumps(call.facts, separators=(",", ":"))}
    )
    return _place(connection, call, new=True)


def _in_turn(connection: sa.Connection, queue: str) -> None:
    """So that two who come together count each other (SQLite has one writer anyway)."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(queue))))


def find(connection: sa.Connection, stay: str) -> QueuedCall | None:
    """A call that is in a queue, taken or not."""
    return _find(connection, stay)


def held_by(connection: sa.Connection, taker: str) -> QueuedCall | None:
    """The call that somebody has taken and not met yet."""
    row = connection.execute(sa.select(queued_calls).where(_ROW.taker == taker)).mappings().first()
    return QueuedCall.of(row) if row is not None else None


def take(
    connection: sa.Connection,
    *,
    queue: str,
    nodes: Sequence[str],
    taker: str,
    room: str,
    passed_over: Sequence[str] = (),
) -> QueuedCall | None:
    """The call that has waited longest, for this taker alone; the same one if it has one already.

    It waits on one of the switches that are named: only those can bring the two together.
    """
    if (held := held_by(connection, taker)) is not None:
        return held
    values = {
        "in_queue": queue,
        "on_nodes": list(nodes),
        "passed_over": list(passed_over),
        "by": taker,
        "in_room": room,
    }
    row = connection.execute(_take_statement(), values).mappings().first()
    return QueuedCall.of(row) if row is not None else None


def put_back(connection: sa.Connection, stay: str, taker: str) -> None:
    """The two did not meet: the call waits on."""
    connection.execute(
        sa.update(queued_calls)
        .where(_ROW.id == stay, _ROW.taker == taker)
        .values(taker=None, room=None)
    )


def leave(connection: sa.Connection, stay: str, *, though_taken: bool) -> Place | None:
    """Go without having been served; None where it is not there, or taken in this moment."""
    known = _find(connection, stay)
    if known is None or (known.taker and not though_taken):
        return None
    place = _place(connection, known)
    unless_taken = sa.true() if though_taken else _ROW.taker.is_(None)
    gone = connection.execute(sa.delete(queued_calls).where(_ROW.id == stay, unless_taken))
    return place if gone.rowcount else None


def serve(connection: sa.Connection, stay: str, now: float) -> Place | None:
    """The two have met: the call is in the queue no more."""
    known = _find(connection, stay)
    if (
        known is None
        or not connection.execute(sa.delete(queued_calls).where(_ROW.id == stay)).rowcount
    ):
        return None
    _count_as_served(connection, known.queue, max(0.0, now - known.entered_at))
    size = connection.execute(_count(known.queue)).scalar_one()
    average = _average(connection, known.queue)
    return Place(call=known, position=0, size=size, average=average)


def taken(connection: sa.Connection, worker: str) -> dict[str, str]:
    """The rooms of this worker's calls that somebody has taken."""
    query = sa.select(_ROW.id, _ROW.room).where(_ROW.worker == worker, _ROW.taker.is_not(None))
    return {row.id: row.room or "" for row in connection.execute(query)}


def waited_in(connection: sa.Connection, queues: Sequence[str]) -> set[str]:
    """Those of the queues in which somebody waits."""
    query = sa.select(_ROW.queue).where(_ROW.queue.in_(queues), _ROW.taker.is_(None)).distinct()
    return set(connection.execute(query).scalars())


def seen(
    connection: sa.Connection, stays: Iterable[str], *, now: float, stale: float
) -> list[Place]:
    """These wait still; who was not seen since `stale` is taken out and returned."""
    connection.execute(sa.update(queued_calls).where(_ROW.id.in_(list(stays))).values(seen_at=now))
    old = connection.execute(sa.select(_ROW.id).where(_ROW.seen_at < stale)).scalars().all()
    places = (leave(connection, stay, though_taken=True) for stay in old)
    return [place for place in places if place is not None]


# -- parts ---------------------------------------------------------------------------------------


def _find(connection: sa.Connection, stay: str) -> QueuedCall | None:
    row = connection.execute(sa.select(queued_calls).where(_ROW.id == stay)).mappings().first()
    return QueuedCall.of(row) if row is not None else None


def _change(connection: sa.Connection, stay: str, **values: Any) -> None:
    connection.execute(sa.update(queued_calls).where(_ROW.id == stay).values(**values))


def _count(queue: str) -> sa.Select[int]:
    return sa.select(sa.func.count()).where(_ROW.queue == queue)


def _place(connection: sa.Connection, call: QueuedCall, *, new: bool = False) -> Place:
    """Who was taken and is not gone yet counts: it still waits."""
    earlier = sa.or_(
        _ROW.entered_at < call.entered_at,
        sa.and_(_ROW.entered_at == call.entered_at, _ROW.id < call.id),
    )
    counts = sa.select(
        sa.func.count(), sa.func.coalesce(sa.func.sum(sa.case((earlier, 1), else_=0)), 0)
    )
    size, before = connection.execute(counts.where(_ROW.queue == call.queue)).one()
    return Place(
        call=call,
        position=int(before) + 1,
        size=size,
        average=_average(connection, call.queue),
        new=new,
    )


def _average(connection: sa.Connection, queue: str) -> float:
    query = sa.select(queue_totals).where(queue_totals.c.queue == queue)
    row = connection.execute(query).first()
    return row.waited / row.served if row is not None and row.served else 0.0


def _count_as_served(connection: sa.Connection, queue: str, seconds: float) -> None:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    insert: Any = make(queue_totals)
    both = queue_totals.c
    connection.execute(
        insert.values(queue=queue, served=1, waited=seconds).on_conflict_do_update(
            index_elements=["queue"],
            set_={"served": both.served + 1, "waited": both.waited + insert.excluded.waited},
        )
    )


@cache
def _take_statement() -> sa.Executable:
    first = queued_calls.alias("first")
    longest = (
        sa.select(first.c.id)
        .where(
            first.c.queue == sa.bindparam("in_queue"),
            first.c.node_id.in_(sa.bindparam("on_nodes", expanding=True)),
            first.c.taker.is_(None),
            first.c.id.not_in(sa.bindparam("passed_over", expanding=True)),
        )
        .order_by(first.c.entered_at, first.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (
        sa.update(queued_calls)
        .where(_ROW.id == longest.scalar_subquery(), _ROW.taker.is_(None))
        .values(taker=sa.bindparam("by"), room=sa.bindparam("in_room"))
        .returning(queued_calls)
    )
