"""`swml-adapter callbacks`: what waits to be delivered, what never was, and what to do about it."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Any

import typer

from adapter.callbacks.address import AddressError, origin_of
from adapter.callbacks.sender import RESCAN_SECONDS
from adapter.cli.printable import printable
from adapter.cli.stored import (
    AsJson,
    Config,
    DataDir,
    Yes,
    failed,
    moment,
    opened,
    show_facts,
    show_json,
    show_table,
    span,
)
from adapter.log import hide_credentials
from adapter.store.rows import Callback, CallbackFilter, CallbackState
from adapter.store.store import Store

app = typer.Typer(help="Status callbacks: list, show, send again, drop.", no_args_is_help=True)


class Undelivered(StrEnum):
    """States that something can be done about."""

    PENDING = CallbackState.PENDING
    FAILED = CallbackState.FAILED


Receiver = Annotated[
    str | None, typer.Option(help="Only those to this receiver, as https://HOST:PORT.")
]
Stream = Annotated[str | None, typer.Option(help="Only those of this recording's or call's id.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of callbacks.")]
Every = Annotated[bool, typer.Option("--all", help="All of that state.")]
State = Annotated[Undelivered, typer.Option(help="Of --all, --receiver and --stream: which.")]


@app.command("list")
def list_(
    config: Config = None,
    data_dir: DataDir = None,
    state: Annotated[
        CallbackState | None, typer.Option(help="One state; otherwise what is not delivered.")
    ] = None,
    receiver: Receiver = None,
    stream: Stream = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    after: Annotated[int, typer.Option(help="Go on behind this position.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List callbacks in the order in which they were stored."""
    origin = _origin(receiver)
    with opened(config, data_dir) as (_, store):
        states = [state] if state else list(Undelivered)
        wanted = [CallbackFilter(state=one, origin=origin, stream=stream) for one in states]
        found = [
            row for one in wanted for row in store.callbacks(one, limit=limit + 1, after=after)
        ]
    rows = sorted(found, key=lambda row: row.position)[: limit + 1]
    more, rows = len(rows) > limit, rows[:limit]
    if as_json:
        for row in rows:
            show_json(_facts(row))
        return
    _show_list(rows)
    if more:
        typer.echo(f"there are more: --after {rows[-1].position}", err=True)


@app.command()
def show(
    callback_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the callback.")],
    config: Config = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one callback with the body that is sent."""
    with opened(config, data_dir) as (_, store):
        row = store.callback(callback_id)
    if row is None:
        raise failed(f"there is no callback {callback_id}")
    body = row.body.decode(errors="replace")
    if as_json:
        show_json({**_facts(row), "body": body})
        return
    times = ("created_at", "next_attempt_at", "retried_at", "finished_at", "claimed_until")
    facts = _facts(row)
    show_facts(facts | {name: moment(facts[name]) for name in times})
    typer.echo(f"\n{printable(body)}")


@app.command()
def retry(
    ids: Ids = None,
    config: Config = None,
    data_dir: DataDir = None,
    every: Every = False,
    state: State = Undelivered.FAILED,
    receiver: Receiver = None,
    stream: Stream = None,
) -> None:
    """Send callbacks again: as they were, with the same Idempotency-Key, and retried like new ones.

    A stopped adapter sends them when it starts.
    """
    wanted = _wanted(ids, every, state, receiver, stream)
    with opened(config, data_dir) as (_, store):
        count = store.retry_callbacks(wanted, now=time.time())
        if not count:
            raise failed(_why_none(store, wanted))
    typer.echo(f"{_counted(count)} due; a running adapter sends within {RESCAN_SECONDS:.0f} s")


@app.command()
def drop(
    ids: Ids = None,
    config: Config = None,
    data_dir: DataDir = None,
    every: Every = False,
    state: State = Undelivered.FAILED,
    receiver: Receiver = None,
    stream: Stream = None,
    yes: Yes = False,
) -> None:
    """Delete callbacks that were not delivered. An attempt that runs is not broken off."""
    wanted = _wanted(ids, every, state, receiver, stream)
    with opened(config, data_dir) as (_, store):
        count = _count(store, wanted)
        if not count:
            raise failed(_why_none(store, wanted))
        if not yes:
            typer.confirm(f"{_counted(count)}: delete undelivered?", abort=True)
        typer.echo(f"{_counted(store.drop_callbacks(wanted))} dropped")


# -- which ---------------------------------------------------------------------------------------


def _wanted(
    ids: list[str] | None,
    every: bool,
    state: Undelivered,
    receiver: str | None,
    stream: str | None,
) -> CallbackFilter:
    by_filter = every or receiver is not None or stream is not None
    if bool(ids) == by_filter:
        raise typer.BadParameter("name ids, or choose by --all, --receiver or --stream")
    if ids:
        return CallbackFilter(ids=tuple(ids))
    return CallbackFilter(state=state, origin=_origin(receiver), stream=stream)


def _origin(receiver: str | None) -> str | None:
    """The receiver as the store names it: scheme, host and port of any of its addresses."""
    try:
        return None if receiver is None else origin_of(receiver)
    except AddressError:
        text = f"{receiver} is no receiver; write it as https://host:port"
        raise typer.BadParameter(text) from None


def _count(store: Store, wanted: CallbackFilter) -> int:
    if wanted.ids is None:
        return store.count_callbacks(wanted)
    rows = [store.callback(one) for one in wanted.ids]
    return sum(row is not None and row.state != CallbackState.DELIVERED for row in rows)


def _why_none(store: Store, wanted: CallbackFilter) -> str:
    reasons = [_why_not(one, store.callback(one)) for one in wanted.ids or ()]
    return "\n".join(reasons) or "no callback is like that"


def _why_not(callback_id: str, row: Callback | None) -> str:
    if row is None:
        return f"there is no callback {callback_id}"
    if row.state == CallbackState.DELIVERED:
        return f"{callback_id} was delivered at {moment(row.finished_at)}"
    return f"{callback_id} cannot be sent: {hide_credentials(row.last_error or 'no reason known')}"


def _counted(count: int) -> str:
    return f"{count} callback{'' if count == 1 else 's'}"


# -- showing -------------------------------------------------------------------------------------


def _show_list(rows: list[Callback]) -> None:
    now = time.time()
    head = ("id", "state", "age", "attempts", "next", "stream", "receiver", "last answer")
    lines = [
        (
            row.id,
            row.state,
            span(now - row.created_at),
            str(row.attempts),
            _next(row, now),
            row.stream,
            _receiver(row),
            hide_credentials(row.last_error or str(row.last_status or "")),
        )
        for row in rows
    ]
    show_table(head, lines)


def _next(row: Callback, now: float) -> str:
    if row.state != CallbackState.PENDING:
        return ""
    if row.claimed_until is not None and row.claimed_until > now:
        return "sending"
    return "now" if row.next_attempt_at <= now else f"in {span(row.next_attempt_at - now)}"


def _receiver(row: Callback) -> str:
    """Where it goes; an address that cannot be used is shown as it stands, without credentials."""
    return row.origin or hide_credentials(row.url)


def _facts(row: Callback) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state,
        "stream": row.stream,
        "project_id": row.project_id,
        "receiver": _receiver(row),
        "url": hide_credentials(row.url),
        "created_at": row.created_at,
        "attempts": row.attempts,
        "last_status": row.last_status,
        "last_error": row.last_error and hide_credentials(row.last_error),
        "next_attempt_at": row.next_attempt_at if row.state == CallbackState.PENDING else None,
        "retried_at": row.retried_at,
        "finished_at": row.finished_at,
        "claimed_by": row.claimed_by,
        "claimed_until": row.claimed_until,
        "position": row.position,
    }
