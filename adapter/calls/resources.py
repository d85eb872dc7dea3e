"""What a call needs of the process that runs it: settings, store, documents, other calls."""

from __future__ import annotations

from typing import Protocol

from adapter.calls.positions import Positions
from adapter.config import Settings
from adapter.control.running import RunningCalls
from adapter.documents.fetch import DocumentFetcher
from adapter.journal import Journals
from adapter.methods.shared import Shared
from adapter.recording.archive import Archive
from adapter.relay.exchange import Exchange
from adapter.store.store import Store
from adapter.swml.document import Document
from adapter.swml.errors import Fault
from adapter.swml.expressions import Evaluator
from adapter.swml.interpreter import Interpreter
from adapter.swml.limits import Limits
from adapter.swml.loading import DocumentCache


class Resources(Protocol):
    """The part of the running adapter that a call works with (`Service` has it all)."""

    settings: Settings
    store: Store
    archive: Archive
    positions: Positions
    running: RunningCalls
    journals: Journals
    exchange: Exchange
    shared: Shared
    fetcher: DocumentFetcher
    documents: DocumentCache
    interpreter: type[Interpreter]
    limits: Limits

    @property
    def evaluate(self) -> Evaluator:
        """Evaluates an expression's JavaScript."""

    def warn_once(self, document: Document, fault: Fault) -> None:
        """Log a document's warning, but only for the first call that runs it."""
