"""`swml-adapter check`: every fault of a document, with its line, before the first call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapter import methods
from adapter.swml.document import load
from adapter.swml.errors import DocumentError, Fault


def check(files: Annotated[list[Path], typer.Argument(help="Documents, YAML or JSON.")]) -> None:
    """Check documents; exit 1 if any cannot run. Warnings never change the exit code."""
    failed = False
    for file in files:
        faults, broken = _faults(file)
        failed = failed or broken
        for fault in faults:
            typer.echo(_line(file, fault))
        if not faults:
            typer.echo(f"{file}: ok")
    raise typer.Exit(1 if failed else 0)


def _faults(file: Path) -> tuple[list[Fault], bool]:
    try:
        document = load(file.read_bytes(), methods.catalog(), name=str(file))
    except DocumentError as error:
        return list(error.faults), True
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        return [], True
    return list(document.warnings), False


def _line(file: Path, fault: Fault) -> str:
    place = f"{file}:{fault.line}" if fault.line else str(file)
    return f"{place}: {fault.severity}: {fault.path or 'document'}: {fault.message} [{fault.code}]"
