"""The command line: one module per command, imported when the command is asked for.

So `serve` starts without what `demo` and `simulate` need: a call whose adapter died waits for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from adapter import __version__

COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "check": "check",
    "simulate": "simulate_document",
    "graph": "graph",
    "schema": "schema",
    "render": "render",
    "recordings": "app",
    "callbacks": "app",
}
"""What each command is in the module of its name: a function, or commands of its own."""


class OnDemand(TyperGroup):
    """Finds a command in its module."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """All of them, in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """One of them, or None."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = _command(cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name; a wrong name is compared with all of them."""
        if args[0] not in COMMANDS:
            for name in COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _command(name: str) -> Any:
    found = getattr(import_module(f"{__name__}.{name}"), COMMANDS[name])
    holder = typer.Typer(callback=lambda: None)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    return typer.main.get_group(holder).commands[name]


app = typer.Typer(
    name="swml-adapter",
    help="Run SWML documents on FreeSWITCH.",
    cls=OnDemand,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
