"""What a document may say, but its author hardly means: warned of before a call runs it.

Placeholders that are none, names of variables that no placeholder finds, conditions that set what
they should compare. `scripts` are the JavaScript sources, for who has an engine to try them with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from adapter.swml import program
from adapter.swml.catalog import MethodSpec
from adapter.swml.destinations import is_document
from adapter.swml.document import Document
from adapter.swml.errors import Code, Fault, Severity
from adapter.swml.expressions import MAX_EXPRESSION, parse_condition
from adapter.swml.program import Step
from adapter.swml.templates import Placeholder, parse_template

_OPENED: Final = re.compile(r"[$%]\{")
_TEXT: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`""", re.DOTALL)
_ASSIGNS: Final = re.compile(r"(?<![=!<>+\-*/%&|^?])=(?![=>])")
_LOST: Final = re.compile(
    r"""^[\s-]*(\w+:\s+#[#*\d]*$|[^'"]*\bsay:[^'"]*\b(?:press|dial|hit|pound|hash|key)\s+\#)""",
    re.IGNORECASE,
)
"""A value that is nothing but `#`, a text that says which key to press."""
_NESTED: Final = re.compile(r"[.\[]")

Place = tuple[str, str]
"""A path and what stands there."""


def doubts(document: Document) -> Iterator[Fault]:
    """A warning for each; those of documents within documents are their own."""
    for step in _steps(document):
        for path, text in _texts(step, document):
            yield from _in_text(path, text)
        for path, condition in _conditions(step):
            if _ASSIGNS.search(_TEXT.sub("''", condition)):
                yield _warning(Code.PARAMETER_INVALID, "= sets a value; compare with ==", path)
        for path, name in _names(step):
            if _NESTED.search(name):
                yield _warning(Code.PARAMETER_INVALID, _nested(name), path)


def lost_to_comments(text: str) -> Iterator[Fault]:
    """A warning for each line of YAML whose `#` is hardly meant to begin a comment."""
    for number, line in enumerate(text.splitlines(), 1):
        if _LOST.search(line.rstrip()):
            message = "# begins a comment here: put the text in quotes if it belongs to it"
            yield replace(_warning(Code.PARAMETER_INVALID, message, ""), line=number)


def scripts(document: Document) -> Iterator[Place]:
    """Every JavaScript source with its path."""
    for step in _steps(document):
        for path, text in _texts(step, document):
            parts = parse_template(text)
            yield from (
                (path, part.source)
                for part in parts
                if isinstance(part, Placeholder) and part.path is None and part.source
            )
        for path, condition in _conditions(step):
            parsed = parse_condition(condition)
            if parsed.path is None:
                yield path, parsed.source
        if isinstance(step.operation, program.Eval):
            sources = _strings(step.operation.sources, step.path)
            yield from ((path, parse_condition(source).source) for path, source in sources)


def _warning(code: Code, message: str, path: str) -> Fault:
    return Fault(code, message, path, severity=Severity.WARNING)


def _in_text(path: str, text: str) -> Iterator[Fault]:
    for part in parse_template(text):
        if isinstance(part, Placeholder):
            if not part.source:
                yield _warning(Code.JS_EVAL_ERROR, "${} is empty: name a variable in it", path)
            elif part.path is None and len(part.source) > MAX_EXPRESSION:
                message = f"an expression has more than {MAX_EXPRESSION} characters, and is not run"
                yield _warning(Code.JS_EVAL_ERROR, message, path)
        elif opened := _OPENED.search(part):
            message = f"nothing closes the {opened[0]} here: this is taken as text"
            yield _warning(Code.JS_EVAL_ERROR, message, path)


def _nested(name: str) -> str:
    whole = _NESTED.split(name, maxsplit=1)[0]
    return f"{name} is no name of a variable: no placeholder finds it. Write the whole of {whole}"


def _steps(document: Document) -> Iterator[Step]:
    for block in document.program.blocks.values():
        yield from block.steps


def _texts(step: Step, document: Document) -> Iterator[Place]:
    """Texts whose placeholders are this script's."""
    match step.operation:
        case program.Act(open=opened, fixed=fixed):
            yield from _of_act({**opened, **fixed}, document.catalog.get(step.method), step.path)
        case program.Set(values=values):
            yield from _strings(values, step.path)
        case program.Execute(params=values) | program.Transfer(params=values):
            yield from _strings(values, f"{step.path}.params")
        case program.Return(value=value):
            yield from _strings(value, step.path)


def _of_act(params: Mapping[str, Any], spec: MethodSpec | None, path: str) -> Iterator[Place]:
    theirs = () if spec is None else spec.verbatim
    documents = () if spec is None else spec.documents
    for name, value in params.items():
        if name not in theirs and not (name in documents and is_document(value)):
            yield from _strings(value, f"{path}.{name}")


def _strings(value: Any, path: str) -> Iterator[Place]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _strings(item, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{path}[{index}]")


def _conditions(step: Step) -> Iterator[Place]:
    match step.operation:
        case program.Cond(entries=entries):
            word = "condition" if step.method == "if" else "when"
            for when, then in entries:
                if isinstance(when, str):
                    yield f"{then.removesuffix('.then')}.{word}", when
        case program.Goto(when=str(when)):
            yield f"{step.path}.when", when


def _names(step: Step) -> Iterator[Place]:
    match step.operation:
        case program.Set(values=values) | program.Eval(sources=values):
            yield from ((f"{step.path}.{name}", name) for name in values)
        case program.Unset(names=names):
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str) and not _OPENED.search(name):
                    yield step.path, name.removeprefix("vars.")
