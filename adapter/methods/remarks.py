"""What is warned of in a document that runs, by `check` and in the log of the calls that run it."""

from __future__ import annotations

from collections.abc import Iterator

from adapter.methods.ignored import ignored
from adapter.methods.unplayable import unplayable
from adapter.swml.document import Document
from adapter.swml.doubts import doubts
from adapter.swml.errors import Fault


def remarks(document: Document) -> Iterator[Fault]:
    """A warning for each thing that is of no use, no sound, or hardly meant."""
    yield from ignored(document)
    yield from unplayable(document)
    yield from doubts(document)
