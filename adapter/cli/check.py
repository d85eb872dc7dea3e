"""`swml-adapter check`: every fault of a document, with its line, before the first call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from adapter import methods
from adapter.cli.installation import Installation
from adapter.cli.printable import printable
from adapter.cli.stored import Config, failed
from adapter.config import SettingsError
from adapter.javascript.syntax import Syntax
from adapter.methods.remarks import remarks
from adapter.swml.document import Document
from adapter.swml.doubts import lost_to_comments, scripts
from adapter.swml.errors import Code, DocumentError, Fault, Severity
from adapter.swml.loading import load, with_lines
from adapter.swml.published import unpublished
from adapter.swml.reader import decode, read
from adapter.swml.values import shortened

_SHOWN = 60
"""Characters of an expression in a message."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a file; `lines` are its own, for showing them."""

    file: Path
    faults: list[Fault] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    unreadable: str = ""

    @property
    def runs(self) -> bool:
        """Whether nothing forbids it."""
        return not self.unreadable and all(
            fault.severity is Severity.WARNING for fault in self.faults
        )

    def line(self, fault: Fault) -> str:
        """The line of a fault, as it stands in the file."""
        known = fault.line is not None and fault.line <= len(self.lines)
        return self.lines[fault.line - 1] if known and fault.line else ""


def check(
    files: Annotated[list[Path], typer.Argument(help="Documents, YAML or JSON.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="By the published rules alone, for use elsewhere.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: Config = None,
) -> None:
    """Check documents; exit 1 if any cannot run. Warnings never change the exit code.

    --strict refuses as well what is ignored or taken leniently here. With the settings of an
    installation (--config), its switches are asked for the modules that a document needs.
    """
    found = list(_all_checked(files, None if strict else config, strict=strict))
    if as_json:
        typer.echo(json.dumps([_as_data(one) for one in found], indent=2, ensure_ascii=False))
    else:
        for one in found:
            _tell(one)
    raise typer.Exit(0 if all(one.runs for one in found) else 1)


def _all_checked(files: list[Path], config: Path | None, *, strict: bool) -> Iterator[Checked]:
    if config is None:
        yield from (_checked(file, strict=strict) for file in files)
        return
    try:
        installation = Installation.of(config)
    except SettingsError as error:
        raise failed(str(error), code=2) from None
    with closing(installation):
        for file in files:
            yield _checked(file, strict=strict, installation=installation)
        for problem in dict.fromkeys(installation.problems):
            typer.echo(problem, err=True)


def _checked(file: Path, *, strict: bool, installation: Installation | None = None) -> Checked:
    try:
        source = file.read_bytes()
    except OSError as error:
        return Checked(file, unreadable=error.strerror or str(error))
    faults = _faults(source, str(file))
    if strict:
        faults = _strict(source, faults)
    elif not any(fault.severity is Severity.ERROR for fault in faults):
        document = load(source, methods.catalog())
        lacking = [*_not_performed(document), *remarks(document), *_no_javascript(document)]
        lacking += installation.lacks(document) if installation else ()
        text = decode(source)
        faults += with_lines(lacking, None, text)
        faults += lost_to_comments(text) if not text.lstrip().startswith("{") else ()
    return Checked(file, faults, source.decode("utf-8", "replace").splitlines())


def _faults(source: bytes, name: str) -> list[Fault]:
    try:
        return list(load(source, methods.catalog(), name=name).warnings)
    except DocumentError as error:
        return list(error.faults)


def _not_performed(document: Document) -> Iterator[Fault]:
    """Warnings for steps that are right, but that this installation cannot do."""
    for block in document.program.blocks.values():
        for step in block.steps:
            if why := methods.why_not_performed(step.method):
                yield Fault(Code.EXECUTE_FAILED, why, step.path, severity=Severity.WARNING)


def _no_javascript(document: Document) -> Iterator[Fault]:
    """Warnings for expressions that can never be evaluated."""
    syntax = Syntax()
    for path, source in scripts(document):
        if why := syntax.problem(source):
            message = f"`{shortened(source, _SHOWN)}` is no JavaScript expression: {why}"
            yield Fault(Code.JS_EVAL_ERROR, message, path, severity=Severity.WARNING)


def _strict(source: bytes, faults: list[Fault]) -> list[Fault]:
    """Every fault as an error, and the forms that only we take."""
    refused = [replace(fault, severity=Severity.ERROR) for fault in faults]
    if any(fault.severity is Severity.ERROR and not fault.path for fault in faults):
        return refused
    text = decode(source)
    tree = read(text)
    known = {fault.path for fault in refused}
    lenient = [one for one in unpublished(tree.value, methods.catalog()) if one.path not in known]
    return with_lines([*refused, *lenient], tree.lines or None, text)


def _tell(one: Checked) -> None:
    if one.unreadable:
        typer.echo(f"{one.file}: {one.unreadable}", err=True)
    for fault in one.faults:
        place = f"{one.file}:{fault.line}" if fault.line else str(one.file)
        step = fault.path or "document"
        text = printable(f"{step}: {fault.message}")
        typer.echo(f"{place}: {fault.severity}: {text} [{fault.code}]")
        if shown := one.line(fault):
            typer.echo(f"{fault.line:>6} | {printable(shown.expandtabs())}")
    if one.runs and not one.faults:
        typer.echo(f"{one.file}: ok")


def _as_data(one: Checked) -> dict[str, Any]:
    faults = [
        {
            "severity": str(fault.severity),
            "code": str(fault.code),
            "path": fault.path,
            "line": fault.line,
            "text": one.line(fault),
            "message": fault.message,
        }
        for fault in one.faults
    ]
    error = {"error": one.unreadable} if one.unreadable else {}
    return {"file": str(one.file), "runs": one.runs, **error, "faults": faults}
