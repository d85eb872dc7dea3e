"""From a text to a document: read, checked, compiled once, and kept for the calls that follow."""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from adapter.swml.catalog import Catalog
from adapter.swml.compile_acts import act
from adapter.swml.compile_control import CONTROL_METHODS
from adapter.swml.compiler import Compiler
from adapter.swml.document import Document
from adapter.swml.errors import Code, DocumentError, Fault, Severity
from adapter.swml.program import Program
from adapter.swml.reader import decode, find_lines, read
from adapter.swml.yaml_reader import ReadError

INLINE_DEPTH = 8
"""Documents inside documents inside documents."""


def load(source: str | bytes, catalog: Catalog, *, name: str = "<document>") -> Document:
    """Reads and checks a document. Raises DocumentError with all faults of it."""
    return _load(source, catalog, name, depth=0)


def load_value(value: Any, catalog: Catalog, *, name: str = "<document>") -> Document:
    """Loads a document that a script has as a value or as text. Raises DocumentError."""
    return _load_embedded(value, catalog, name, depth=0)


def _load_embedded(value: Any, catalog: Catalog, name: str, *, depth: int) -> Document:
    if depth > INLINE_DEPTH:
        message = f"more than {INLINE_DEPTH} documents inside each other"
        raise DocumentError([Fault(Code.NESTED_TOO_DEEP, message)], name)
    text = json.dumps(value) if isinstance(value, Mapping) else value
    return _load(text, catalog, name, depth=depth, embedded=True)


def _load(
    source: str | bytes, catalog: Catalog, name: str, *, depth: int, embedded: bool = False
) -> Document:
    try:
        text = decode(source)
        tree = read(text)
    except ReadError as error:
        code = Code.NESTED_TOO_DEEP if error.deep else Code.PARSE_ERROR
        raise DocumentError([Fault(code, error.message, line=error.line)], name) from None
    compiler = Compiler(
        catalog,
        lambda value, path: _load_embedded(value, catalog, f"{name}#{path}", depth=depth + 1),
        control=CONTROL_METHODS,
        others=act,
    )
    program = _compiled(compiler, tree.value, name)
    repeated = [
        Fault(Code.ELEMENT_DUPLICATED, "this key is there twice", path.removeprefix("sections."))
        for path in tree.repeated
    ]
    faults = with_lines([*repeated, *compiler.faults], tree.lines or None, text)
    if any(fault.severity is Severity.ERROR for fault in faults):
        raise DocumentError(faults, name)
    return Document(name, text, program, catalog, tuple(faults), embedded=embedded)


def _compiled(compiler: Compiler, value: Any, name: str) -> Program:
    try:
        return compiler.compile(value)
    except Exception as error:  # ours, not the author's: another document may still be had
        message = f"the checker failed ({error!r}); please report it with this document"
        raise DocumentError([Fault(Code.PARSE_INTERNAL_ERROR, message)], name) from error


def with_lines(faults: list[Fault], lines: dict[str, int] | None, text: str) -> list[Fault]:
    """The faults with their lines, in document order. `lines`: None where they are not known."""
    if not faults:
        return faults
    known = find_lines(text).lines if lines is None else lines
    located = [replace(fault, line=_line(fault.path, known)) for fault in faults]
    return sorted(located, key=lambda fault: fault.line or 0)


def _line(path: str, lines: dict[str, int]) -> int | None:
    """The line of the nearest thing around `path` that has one."""
    around = path if path in lines else f"sections.{path}"
    while around not in lines and around:
        around = around[: max(around.rfind("."), around.rfind("["), 0)]
    return lines.get(around)


Remarks = Callable[[Document], Iterable[Fault]]


class DocumentCache:
    """Documents by their text, the least recently used forgotten first."""

    def __init__(
        self, catalog: Catalog, size: int = 256, *, remarks: Remarks = lambda _: ()
    ) -> None:
        """`remarks` are what others warn of in a document that loads."""
        self._catalog = catalog
        self._remarks = remarks
        self._size = size
        self._documents: OrderedDict[str | bytes, Document] = OrderedDict()

    def load(self, source: str | bytes, *, name: str = "<document>") -> Document:
        """The document of this text, checked when it was first seen. Raises DocumentError."""
        document = self._documents.get(source)
        if document is None:
            document = load(source, self._catalog, name=name)
            if remarks := list(self._remarks(document)):
                document = document.with_warnings(with_lines(remarks, None, document.source))
            self._documents[source] = document
            if len(self._documents) > self._size:
                self._documents.popitem(last=False)
        else:
            self._documents.move_to_end(source)
        return document
