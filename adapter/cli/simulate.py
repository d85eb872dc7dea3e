"""`swml-adapter simulate`: a document run at once, without a phone, and what it did, step by step.

The adapter is the real one, the switch the simulated one; see docs/simulate.md.
"""

from __future__ import annotations

import difflib
import json
from enum import IntEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from adapter import methods
from adapter.cli.printable import printable
from adapter.simulate import (
    Entry,
    Kind,
    Outcome,
    Plan,
    Simulation,
    Stub,
    StubsError,
    Trace,
    load_stubs,
    simulate,
)
from adapter.simulate.person import CALLED, CALLER, EVERYBODY
from adapter.simulate.run import BEHAVIOURS
from adapter.swml.errors import DocumentError
from adapter.swml.loading import load


class Exit(IntEnum):
    """What the exit code says."""

    ENDED = 0
    DIFFERS = 1
    USAGE = 2
    REFUSED = 3
    FAILED = 4


STYLES = {
    Kind.CALL: "bold",
    Kind.STEP: "bold cyan",
    Kind.SWITCH: "dim",
    Kind.HTTP: "blue",
    Kind.CALLBACK: "magenta",
    Kind.RECORDING: "green",
    Kind.CALLER: "yellow",
    Kind.WARNING: "bold red",
    Kind.HANGUP: "bold",
    Kind.END: "bold",
}


def simulate_document(
    file: Annotated[Path, typer.Argument(help="A document, YAML or JSON.")],
    from_number: Annotated[str, typer.Option("--from", help="Who calls.")] = CALLER,
    to_number: Annotated[str, typer.Option("--to", help="The number called.")] = CALLED,
    digits: Annotated[
        str, typer.Option(help="Keys to press, one group for each prompt: '1,22#'.")
    ] = "",
    speech: Annotated[
        list[str] | None, typer.Option(help="Words to say, once for each prompt or record.")
    ] = None,
    called: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NUMBER=]WHAT",
            help="What whoever the document calls does: answers, busy, declined, no_answer.",
        ),
    ] = None,
    hangup_at: Annotated[
        str | None, typer.Option(help="Hang up when this step begins: main[2].")
    ] = None,
    http: Annotated[
        Path | None, typer.Option(help="Answers for HTTP requests; then there is no network.")
    ] = None,
    env: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A value of `envs`.")
    ] = None,
    real_time: Annotated[bool, typer.Option("--real-time", help="Wait as a call does.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 4 if a step could not do what it says.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    expect: Annotated[
        Path | None, typer.Option(help="A stored trace that this one must equal.")
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Where to store the trace.")] = None,
) -> None:
    """Run a document on the simulated switch, at once, and print what it did.

    Exit codes: 0 the call ended as it may, 1 differs from --expect, 2 wrong usage, 3 the document
    is refused, 4 the script was stopped (or --strict and a step failed).
    """
    expected = _read_trace(expect)
    simulation = Simulation(
        document=file,
        plan=Plan(
            from_number,
            to_number,
            digits=tuple(group for group in digits.split(",") if group),
            speech=tuple(speech or ()),
            hangup_at=hangup_at,
            called=_called(called or []),
        ),
        stubs=_stubs(http),
        envs=_pairs(env or []),
        real_time=real_time,
    )
    _refuse_if_faulty(file, as_json=as_json)
    outcome = simulate(simulation, Trace() if as_json else _told(Console(highlight=False)))
    code = _judge(outcome, expected, strict=strict)
    if as_json:
        _print_json(outcome, code)
    if write is not None:
        _store(outcome.trace, write)
    if code is Exit.DIFFERS and expected is not None:
        typer.echo(_difference(expected, outcome.trace.lines(), str(expect)), err=as_json)
    raise typer.Exit(code)


def _judge(outcome: Outcome, expected: list[str] | None, *, strict: bool) -> Exit:
    if expected is not None and expected != outcome.trace.lines():
        return Exit.DIFFERS
    failed = outcome.stopped or (strict and outcome.warnings)
    return Exit.FAILED if failed else Exit.ENDED


def _told(console: Console) -> Trace:
    """A trace that is printed as it comes, with the seconds of the call."""

    def tell(entry: Entry) -> None:
        line = Text(f"{entry.at:8.2f} ", "dim")
        line.append(printable(str(entry)), STYLES.get(entry.kind, ""))
        console.print(line, soft_wrap=True)

    return Trace(tell=tell)


def _print_json(outcome: Outcome, code: Exit) -> None:
    data = {
        "exit_code": int(code),
        "warnings": outcome.warnings,
        "stopped": outcome.stopped or None,
        "trace": [entry.as_data() for entry in outcome.trace.entries],
    }
    typer.echo(json.dumps(data, indent=1, ensure_ascii=False, default=str))


def _store(trace: Trace, file: Path) -> None:
    try:
        file.write_text("\n".join(trace.lines()) + "\n", "utf-8")
    except OSError as error:
        _misused(f"{file}: {error.strerror}")


def _difference(expected: list[str], found: list[str], name: str) -> str:
    lines = difflib.unified_diff(expected, found, name, "this run", lineterm="")
    return "\n".join(["", *lines])


def _refuse_if_faulty(file: Path, *, as_json: bool) -> None:
    try:
        load(file.read_bytes(), methods.catalog(), name=str(file))
    except OSError as error:
        _misused(f"{file}: {error.strerror}")
    except DocumentError as error:
        faults = [str(fault) for fault in error.faults]
        if as_json:
            typer.echo(json.dumps({"exit_code": int(Exit.REFUSED), "faults": faults}, indent=1))
        for fault in faults:
            typer.echo(f"{file}: {printable(fault)}", err=True)
        raise typer.Exit(Exit.REFUSED) from None


def _read_trace(file: Path | None) -> list[str] | None:
    if file is None:
        return None
    try:
        return file.read_text("utf-8").splitlines()
    except OSError as error:
        _misused(f"{file}: {error.strerror}; --write {file} stores one")


def _stubs(file: Path | None) -> list[Stub] | None:
    try:
        return None if file is None else load_stubs(file)
    except StubsError as error:
        _misused(str(error))


def _called(texts: list[str]) -> dict[str, str]:
    called: dict[str, str] = {}
    for text in texts:
        number, _, how = text.rpartition("=")
        if how not in BEHAVIOURS:
            _misused(f"--called {text}: write {', '.join(BEHAVIOURS)}, or NUMBER=… of one number")
        called[number or EVERYBODY] = how
    return called


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    for text in texts:
        if "=" not in text:
            _misused(f"--env {text}: write NAME=VALUE")
    return pairs


def _misused(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(Exit.USAGE)
