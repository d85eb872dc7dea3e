"""`swml-adapter schema`: the JSON Schema of the documents that run here, for editors."""

from __future__ import annotations

import json

import typer

from adapter import methods
from adapter.swml.schema import json_schema


def schema() -> None:
    """Print a JSON Schema of documents, for an editor to complete and check them by."""
    typer.echo(json.dumps(json_schema(methods.catalog()), indent=2, ensure_ascii=False))
