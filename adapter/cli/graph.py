"""`swml-adapter graph`: the sections of a document as a picture, what follows what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from adapter import methods
from adapter.cli.printable import printable
from adapter.swml.document import Document
from adapter.swml.errors import DocumentError
from adapter.swml.graph import dot, mermaid
from adapter.swml.loading import load


class Language(StrEnum):
    """What the graph is written in."""

    MERMAID = "mermaid"
    DOT = "dot"


DRAWN: Mapping[Language, Callable[[Document], str]] = {Language.MERMAID: mermaid, Language.DOT: dot}


def graph(
    file: Annotated[Path, typer.Argument(help="A document, YAML or JSON.")],
    language: Annotated[
        Language, typer.Option("--as", help="Mermaid (Markdown draws it) or DOT (Graphviz).")
    ] = Language.MERMAID,
) -> None:
    """Print the graph of a document: its steps, branches and jumps."""
    try:
        document = load(file.read_bytes(), methods.catalog(), name=str(file))
    except DocumentError as error:
        for fault in error.faults:
            typer.echo(f"{file}: {printable(str(fault))}", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    for line in DRAWN[language](document).removesuffix("\n").split("\n"):
        typer.echo(printable(line))
