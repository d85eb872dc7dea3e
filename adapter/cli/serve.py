"""`swml-adapter serve`: take calls until told to stop."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import gevent
import typer

from adapter import log
from adapter.config import Settings, SettingsError
from adapter.service import Service
from adapter.store.errors import StoreError


def serve(
    config: Annotated[
        Path | None, typer.Option(envvar="SWML_CONFIG", help="Settings in a YAML file.")
    ] = None,
    listen: Annotated[
        str | None, typer.Option(help="HOST:PORT for FreeSWITCH's `socket` application.")
    ] = None,
    http: Annotated[
        str | None, typer.Option(help="HOST:PORT for downloads, health and metrics.")
    ] = None,
    swml: Annotated[
        str | None, typer.Option(help="The document of calls that no route names: FILE or URL.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the database.")] = None,
    recordings_dir: Annotated[Path | None, typer.Option(help="Folder of the recordings.")] = None,
) -> None:
    """Take calls from FreeSWITCH and run their documents."""
    overrides = {
        "listen": listen,
        "http": http,
        "swml": swml,
        "data_dir": data_dir and str(data_dir),
        "recordings_dir": recordings_dir and str(recordings_dir),
    }
    try:
        settings = Settings.load(config, overrides)
        log.configure(settings.log.level, settings.log.format)
        service = Service(settings)
        service.start()
    except (SettingsError, StoreError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"cannot listen: {error}. Is another adapter running?", err=True)
        raise typer.Exit(2) from None
    _run_until_told(service)


def _run_until_told(service: Service) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, service.stop)
    settings = service.settings
    typer.echo(f"ready: calls on {settings.listen}, recordings on {settings.public_url}")
    service.stopped.wait()
