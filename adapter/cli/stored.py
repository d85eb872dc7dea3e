"""What the commands on the store share: opening it, and showing rows.

They open the database themselves, so they work whether or not the adapter runs. What is shown may
come from callers and receivers: no control character of theirs reaches the terminal.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from adapter import log
from adapter.cli.printable import printable
from adapter.config import Settings, SettingsError
from adapter.store.errors import StoreError
from adapter.store.store import Store

DEADLINE = 30.0
"""Seconds: a person waits longer than a call."""

UNITS = (("d", 86_400.0), ("h", 3600.0), ("m", 60.0), ("s", 1.0))

Config = Annotated[Path | None, typer.Option(envvar="SWML_CONFIG", help="Settings in a YAML file.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder of the database.")]
RecordingsDir = Annotated[Path | None, typer.Option(help="Folder of the recordings.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@contextmanager
def opened(
    config: Path | None, data_dir: Path | None, recordings_dir: Path | None = None
) -> Iterator[tuple[Settings, Store]]:
    """The settings and their store; what goes wrong ends the program with 2 and the reason."""
    overrides = {
        "data_dir": data_dir and str(data_dir),
        "recordings_dir": recordings_dir and str(recordings_dir),
    }
    store: Store | None = None
    try:
        settings = Settings.load(config, overrides, for_calls=False)
        log.configure("info", "console")
        _require_database(settings)
        store = Store.open(settings.database_url.get_secret_value(), deadline=DEADLINE)
        yield settings, store
    except (SettingsError, StoreError) as error:
        raise failed(str(error), code=2) from None
    finally:
        if store is not None:
            store.close()


def _require_database(settings: Settings) -> None:
    """A command must not make a database: its owner would be the wrong user."""
    scheme, _, path = settings.database_url.get_secret_value().partition(":///")
    if scheme == "sqlite" and not Path(path).is_file():
        raise StoreError(f"there is no {path}: name the adapter's --config or --data-dir")


def failed(message: str, code: int = 1) -> typer.Exit:
    """Say why; the caller raises what is returned."""
    typer.echo(message, err=True)
    return typer.Exit(code)


# -- showing -------------------------------------------------------------------------------------


def show_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns, nothing cut off: ids are there to be copied."""
    lines = [list(head), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def show_facts(facts: Mapping[str, Any]) -> None:
    """One `name  value` a line; what is not known is left out."""
    known = {name: value for name, value in facts.items() if value is not None}
    width = max(map(len, known), default=0)
    for name, value in known.items():
        typer.echo(f"{name.ljust(width)}  {printable(str(value))}")


def show_json(value: Any) -> None:
    """One line."""
    typer.echo(json.dumps(value, default=str))


# -- times ---------------------------------------------------------------------------------------


def moment(value: float | None) -> str | None:
    """A Unix time as people read it, in UTC as in the log."""
    if value is None:
        return None
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def span(seconds: float) -> str:
    """`45s`, `12m`, `3h`, `8d`: one number is enough to judge an age."""
    for unit, size in UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return "0s"


def since(text: str) -> float:
    """`90m`, `12h` or `7d` ago, or a date and time (UTC unless it says otherwise), as Unix time."""
    number, unit = text[:-1], text[-1:]
    size = dict(UNITS).get(unit)
    if size is not None and number.replace(".", "", 1).isdecimal():
        return time.time() - float(number) * size
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fault = f"{text} is neither like 90m, 12h, 7d nor like 2026-01-31T12:00"
        raise typer.BadParameter(fault) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
