"""`swml-adapter recordings`: what was recorded, whether it is there, and what of it goes."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from adapter.cli.stored import (
    AsJson,
    Config,
    DataDir,
    RecordingsDir,
    Yes,
    failed,
    moment,
    opened,
    show_facts,
    show_json,
    show_table,
    since,
    span,
)
from adapter.config import Settings
from adapter.log import hide_credentials
from adapter.recording import links, retention
from adapter.recording.audit import Audit, Finding
from adapter.recording.retention import Choice, Retention
from adapter.recording.state import State
from adapter.store.rows import CallbackFilter, CallbackState, Recording, RecordingFilter
from adapter.store.store import Store

app = typer.Typer(help="Recordings: list, show, delete, verify, prune.", no_args_is_help=True)

RecordingId = Annotated[str, typer.Argument(metavar="ID", help="Id of the recording.")]


@app.command("list")
def list_(
    config: Config = None,
    data_dir: DataDir = None,
    recordings_dir: RecordingsDir = None,
    call: Annotated[str | None, typer.Option(help="Only those of this call's id.")] = None,
    state: Annotated[list[State] | None, typer.Option(help="Only those in these states.")] = None,
    begun: Annotated[
        str | None, typer.Option("--since", help="Only younger ones: 90m, 12h, 7d or a date.")
    ] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted ones instead.")] = False,
    faxes: Annotated[bool, typer.Option("--faxes", help="Faxes instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List recordings, the newest first."""
    wanted = RecordingFilter(
        call_id=call,
        states=tuple(state) if state else None,
        created_from=None if begun is None else since(begun),
        deleted=deleted,
        faxes=faxes,
    )
    with opened(config, data_dir, recordings_dir) as (settings, store):
        rows = store.recordings(wanted, limit=limit + 1, offset=offset)
    if as_json:
        for row in rows[:limit]:
            show_json(_facts(row, settings))
        return
    _show_list(rows[:limit])
    if len(rows) > limit:
        typer.echo(f"there are more: --offset {offset + limit}", err=True)


@app.command()
def show(
    recording_id: RecordingId,
    config: Config = None,
    data_dir: DataDir = None,
    recordings_dir: RecordingsDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one recording with its file, its download address and its callbacks."""
    with opened(config, data_dir, recordings_dir) as (settings, store):
        row = _found(store, recording_id)
        callbacks = store.callbacks(CallbackFilter(stream=recording_id))
    facts = {**_facts(row, settings), "url": _url(row, settings)}
    told = [{"id": one.id, "state": one.state, "attempts": one.attempts} for one in callbacks]
    if as_json:
        show_json({**facts, "callbacks": told})
        return
    times = ("created_at", "started_at", "ended_at", "deleted_at")
    show_facts(facts | {name: moment(facts[name]) for name in times})
    for one in told:
        typer.echo(f"callback {one['id']}  {one['state']}, attempts: {one['attempts']}")


@app.command()
def delete(
    recording_id: RecordingId,
    config: Config = None,
    data_dir: DataDir = None,
    recordings_dir: RecordingsDir = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even if a callback with its address is not out yet.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Delete a recording's file; its download then answers 410."""
    with opened(config, data_dir, recordings_dir) as (settings, store):
        row = _found(store, recording_id)
        if reason := _why_kept(store, row, force=force):
            raise failed(reason)
        if not yes:
            typer.confirm(f"{row.path}, {_size(row)}: delete for good?", abort=True)
        try:
            retention.delete(store, settings.recordings_dir, row, time.time())
        except OSError as error:
            raise failed(f"{settings.recordings_dir / row.path}: {error.strerror}", 2) from None
    typer.echo(f"{recording_id} deleted")


@app.command()
def verify(
    config: Config = None,
    data_dir: DataDir = None,
    recordings_dir: RecordingsDir = None,
    as_json: AsJson = False,
) -> None:
    """Compare the files with the store; exit 1 if anything is missing, altered or unknown."""
    wrong = 0
    with opened(config, data_dir, recordings_dir) as (settings, store):
        audit = Audit(store, settings.recordings_dir)
        try:
            for finding in audit.findings():
                wrong += 1
                _tell(finding, as_json)
        except OSError as error:
            raise failed(f"{error.filename}: {error.strerror}", 2) from None
    typer.echo(f"{audit.checked} recordings compared, {wrong} wrong", err=True)
    raise typer.Exit(1 if wrong else 0)


@app.command()
def prune(
    config: Config = None,
    data_dir: DataDir = None,
    recordings_dir: RecordingsDir = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what the setting `retention` says, as a running adapter does by itself."""
    with opened(config, data_dir, recordings_dir) as (settings, store):
        rules = Retention(store, settings.recordings_dir, settings.retention)
        if not rules.is_limited:
            typer.echo(
                "no recording goes: retention.days and retention.bytes are not set", err=True
            )
        if dry_run:
            _show_choices(list(rules.choose()), as_json)
            return
        swept = rules.sweep()
        typer.echo(f"{swept.count} recordings deleted, {_bytes(swept.size)}")
        typer.echo(f"{rules.forget()} rows forgotten")


# -- one recording -------------------------------------------------------------------------------


def _found(store: Store, recording_id: str) -> Recording:
    row = store.recording(recording_id)
    if row is None:
        raise failed(f"there is no recording {recording_id}")
    return row


def _why_kept(store: Store, row: Recording, *, force: bool) -> str | None:
    if not State(row.state).final:
        return f"{row.id} is in state {row.state}: it can be deleted when it has ended"
    pending = CallbackFilter(stream=row.id, state=CallbackState.PENDING)
    if not force and store.count_callbacks(pending):
        return (
            f"a callback with the address of {row.id} is not out yet: "
            "wait for it, drop it (callbacks drop), or say --force"
        )
    return None


# -- showing -------------------------------------------------------------------------------------


def _show_list(rows: list[Recording]) -> None:
    head = ("id", "created", "state", "length", "size", "format", "call", "control id")
    lines = [
        (
            row.id,
            moment(row.created_at) or "",
            row.state if row.deleted_at is None else f"{row.state}, deleted",
            "" if row.duration is None else f"{row.duration:.1f}s",
            _size(row),
            row.format,
            row.call_id,
            row.control_id,
        )
        for row in rows
    ]
    show_table(head, lines)


def _url(row: Recording, settings: Settings) -> str:
    """Whoever has a signed address may download: it is only shown for one recording at a time."""
    secret = settings.link_secret
    signing = secret.get_secret_value() if secret else None
    return links.download_url(settings.public_url, row.id, signing)


def _facts(row: Recording, settings: Settings) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state,
        "reason": row.reason,
        "call_id": row.call_id,
        "control_id": row.control_id,
        "node_id": row.node_id,
        "project_id": row.project_id,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "deleted_at": row.deleted_at,
        "duration": row.duration,
        "size": row.size,
        "format": row.format,
        "direction": row.direction,
        "stereo": row.stereo,
        "truncated": row.truncated,
        "error_code": row.error_code,
        "error_message": row.error_message,
        "status_url": row.status_url and hide_credentials(row.status_url),
        "file": str(settings.recordings_dir / row.path),
    }


def _tell(finding: Finding, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "problem": finding.problem,
                "path": finding.path,
                "recording_id": finding.recording_id,
                "detail": finding.detail,
            }
        )
    else:
        show_table((f"{finding.problem}:", finding.path, finding.detail), ())


def _show_choices(choices: list[Choice], as_json: bool) -> None:
    now = time.time()
    if as_json:
        for choice in choices:
            row = choice.recording
            show_json({"id": row.id, "path": row.path, "rule": choice.rule, "size": choice.size})
        return
    lines = [
        (
            choice.recording.id,
            span(now - (choice.recording.ended_at or now)),
            choice.rule,
            _bytes(choice.size),
        )
        for choice in choices
    ]
    show_table(("id", "age", "rule", "size"), lines)
    total = sum(choice.size for choice in choices)
    typer.echo(f"{len(choices)} recordings would be deleted, {_bytes(total)}", err=True)


def _size(row: Recording) -> str:
    return "" if row.size is None else _bytes(row.size)


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f}{unit}" if unit == "B" else f"{count:.1f}{unit}"
        count /= 1000
    return f"{count:.1f}TB"
