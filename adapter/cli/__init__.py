"""The command line: one module per command."""

from __future__ import annotations

import typer

from adapter import __version__
from adapter.cli import (
    callbacks,
    check,
    demo,
    graph,
    recordings,
    render,
    schema,
    serve,
    simulate,
)

app = typer.Typer(
    name="swml-adapter",
    help="Run SWML documents on FreeSWITCH.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("simulate")(simulate.simulate_document)
app.command("graph")(graph.graph)
app.command("schema")(schema.schema)
app.command("render")(render.render)
app.add_typer(recordings.app, name="recordings")
app.add_typer(callbacks.app, name="callbacks")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass
