"""A checked document, shared by all calls that run it; `loading` makes one."""

import hashlib
from collections.abc import Iterable

from adapter.swml.catalog import Catalog
from adapter.swml.errors import Fault
from adapter.swml.program import Block, Program


class Document:
    """A checked document. Immutable.

    `content_hash` names its text, `source`, from which it can be loaded again; `embedded` when that
    text is part of another document. `warnings` are what was ignored in it.
    """

    def __init__(
        self,
        name: str,
        source: str,
        program: Program,
        catalog: Catalog,
        warnings: tuple[Fault, ...] = (),
        *,
        embedded: bool = False,
    ) -> None:
        self.name = name
        self.source = source
        self.content_hash = hash_of(source)
        self.warnings = warnings
        self.embedded = embedded
        self.catalog = catalog
        self.program = program

    def with_warnings(self, more: Iterable[Fault]) -> "Document":
        """The same document, of which more is to be said."""
        warnings = (*self.warnings, *more)
        return Document(
            self.name, self.source, self.program, self.catalog, warnings, embedded=self.embedded
        )

    @property
    def sections(self) -> tuple[str, ...]:
        """Names of the sections, in order."""
        return self.program.sections

    def block(self, path: str) -> Block:
        """The steps at `path` (a section, or `main[0].connect.confirm`). Raises KeyError."""
        return self.program.blocks[path]


def hash_of(source: str) -> str:
    """The name of a text, by its content."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
