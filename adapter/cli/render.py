"""`swml-adapter render`: the dialplan for a switch that is there, or a whole configuration."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from adapter.config import Address, Settings, SettingsError
from adapter.rendering import (
    DialplanOptions,
    Options,
    RenderError,
    SwitchOptions,
    render_dialplan,
    render_freeswitch_conf,
)


class What(StrEnum):
    """What can be rendered."""

    DIALPLAN = "dialplan"
    SWITCH = "freeswitch-conf"


OPTIONS: dict[What, type[Options]] = {What.DIALPLAN: DialplanOptions, What.SWITCH: SwitchOptions}


def render(
    what: Annotated[
        What, typer.Argument(help="The dialplan for your switch, or a whole configuration.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder to write to.")] = None,
    config: Annotated[
        Path | None, typer.Option(envvar="SWML_CONFIG", help="Settings in a YAML file.")
    ] = None,
    choose: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An option; --options lists them."),
    ] = None,
    options: Annotated[bool, typer.Option(help="List the options and their defaults.")] = False,
    force: Annotated[bool, typer.Option(help="Replace files that exist.")] = False,
) -> None:
    """Render the files that make FreeSWITCH hand its calls to the adapter."""
    if options:
        _list_options(OPTIONS[what])
        return
    if out is None:
        raise typer.BadParameter("say where to write: --out FOLDER")
    try:
        chosen = {
            **_of_settings(what, Settings.load(config, for_calls=False)),
            **_pairs(choose or []),
        }
        if what is What.DIALPLAN:
            _explain_dialplan(out, render_dialplan(out, force=force, **chosen))
        else:
            _explain_switch(out, render_freeswitch_conf(out, force=force, **chosen))
    except (SettingsError, RenderError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}; choose another folder", err=True)
        raise typer.Exit(2) from None


def _of_settings(what: What, settings: Settings) -> dict[str, Any]:
    """What the settings already say about the switch."""
    here = settings.listen
    found: dict[str, Any] = {
        "adapters": [Address("127.0.0.1", here.port) if here.everywhere else here]
    }
    if {"recordings_switch_dir", "recordings_dir", "data_dir"} & settings.model_fields_set:
        ours, theirs = str(settings.recordings_dir), settings.recordings_switch_dir
        found["recordings_dir"] = theirs if what is What.SWITCH else ours
    if what is What.SWITCH:
        found["sip_profile"] = settings.sip_profile
        if settings.nodes:
            node = settings.nodes[0]
            found["event_socket_port"] = node.port
            found["event_socket_password"] = node.password.get_secret_value()
    return found


def _pairs(texts: list[str]) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text} is not NAME=VALUE")
        pairs[name] = yaml.safe_load(value) if value.startswith("[") else value
    return pairs


def _list_options(kind: type[Options]) -> None:
    table = Table("option", "default", "meaning", box=None)
    for name, field in kind.model_fields.items():
        default = "" if field.default_factory is not None else field.default
        shown = [str(item) for item in default] if isinstance(default, list) else default
        table.add_row(name, "" if shown is None else str(shown), field.description)
    Console().print(table, markup=False)


def _explain_dialplan(out: Path, result: dict[str, Any]) -> None:
    typer.echo(
        f"{out}/swml.xml: copy it to dialplan/{result['context']}/ of your switch, then reloadxml\n"
        f"{out}/swml-adapter.service: a systemd unit for the adapter"
    )


def _explain_switch(out: Path, result: dict[str, Any]) -> None:
    typer.echo(
        f"{out}: start it with `freeswitch -nonat -conf {out.absolute()}"
        " -log LOG -db DB -run RUN` (all four folders are needed)\n"
        "For the settings of the adapter:\n"
        f"nodes: [{{host: {result['event_socket_ip']}, port: {result['event_socket_port']},"
        f" password: {result['event_socket_password']}}}]"
    )
