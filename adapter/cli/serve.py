"""`swml-adapter serve`: take calls until told to stop."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import gevent
import typer
from gevent.socket import wait_read

from adapter import log, metric_files
from adapter.config import Settings, SettingsError
from adapter.listeners import Listeners
from adapter.service import Service
from adapter.store.errors import StoreError
from adapter.tally import Tally
from adapter.web.tls import UnusableCertificateError
from adapter.workers import Workers

START_ERRORS = (
    SettingsError,
    UnusableCertificateError,
    StoreError,
    ChildProcessError,
    TimeoutError,
)
"""What their text says enough about."""

SWITCH_SECONDS = 0.0005
"""How long the event loop may keep the interpreter from the store's thread, which asks for it after
each statement. Python's own 5 ms are meant for threads that compute: the ten statements of a
transaction took 50 ms when the loop was busy, and every commit waited as long."""

GARBAGE_THRESHOLDS = (20_000, 2, 2)
"""New objects before the collector looks for circles among them, and how often until it looks at
older ones, and at all. Python's own 700 is for small programs; but its 10 and 10 would mean that
what a call of a minute leaves behind, since it is old by then, is looked at once in a day."""


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
    tls_cert: Annotated[
        Path | None, typer.Option(help="PEM certificate with its chain: HTTP becomes HTTPS.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM key of the certificate.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the calls.")] = 1,
    worker: Annotated[int | None, typer.Option(hidden=True)] = None,
    descriptors: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Take calls from FreeSWITCH and run their documents.

    SIGTERM lets running calls end, SIGHUP has the certificate read again.
    """
    overrides = {
        "listen": listen,
        "http": http,
        "swml": swml,
        "data_dir": data_dir and str(data_dir),
        "recordings_dir": recordings_dir and str(recordings_dir),
        "tls_cert": tls_cert and str(tls_cert),
        "tls_key": tls_key and str(tls_key),
    }
    try:
        settings = Settings.load(config, overrides)
        log.configure(settings.log.level, settings.log.format)
        if descriptors:
            _serve_as_worker(settings, descriptors, worker or 0)
        elif workers > 1:
            _serve_with_workers(settings, workers)
        else:
            _serve(settings, Listeners.open(settings))
    except START_ERRORS as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"cannot listen: {error}. Is another adapter running?", err=True)
        raise typer.Exit(2) from None


def _serve(
    settings: Settings, listeners: Listeners, worker: int = 0, tally: Tally | None = None
) -> None:
    service = Service(settings, listeners, worker=worker, tally=tally)
    service.start()
    sys.setswitchinterval(SWITCH_SECONDS)
    _spare_the_collector()
    _on_signals(service.stop, service.reload)
    _say_ready(service.settings)
    service.stopped.wait()


def _spare_the_collector() -> None:
    """What is loaded by now lives as long as we do: garbage collection need not look at it again.

    And a call makes thousands of objects that die by themselves, few that the collector must find.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _serve_as_worker(settings: Settings, descriptors: str, worker: int) -> None:
    calls, web, memory = map(int, descriptors.split(","))
    main = gevent.getcurrent()
    gevent.spawn(_end_with_parent).link(lambda _: main.throw(SystemExit))
    _serve(settings, Listeners.inherit(calls, web), worker, Tally(memory, worker))


def _end_with_parent() -> None:
    """Until the parent is gone: its end of our standard input is closed then."""
    wait_read(sys.stdin.fileno())
    metric_files.remove_abandoned()


def _serve_with_workers(settings: Settings, count: int) -> None:
    listeners = Listeners.open(settings)
    workers = Workers(count, listeners, _options_for_workers(listeners.bound(settings)))
    _on_signals(workers.stop, workers.reload)
    try:
        workers.wait_ready()
        _say_ready(listeners.bound(settings))
    except (ChildProcessError, TimeoutError):
        workers.stop()
        raise
    finally:
        workers.join()


def _options_for_workers(settings: Settings) -> list[str]:
    """Our own options, with the ports that were really taken."""
    arguments, skip = [], False
    for argument in sys.argv[2:]:
        name, equals, _ = argument.partition("=")
        if skip or name in ("--workers", "--listen", "--http"):
            skip = not skip and not equals
            continue
        arguments.append(argument)
    return [*arguments, "--listen", str(settings.listen), "--http", str(settings.http)]


def _on_signals(stop: Callable[[], None], reload: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stop)
    gevent.signal_handler(signal.SIGHUP, reload)


def _say_ready(settings: Settings) -> None:
    typer.echo(f"ready: calls on {settings.listen}, recordings on {settings.public_url}")
