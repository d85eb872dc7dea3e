"""What every call of a process shares: settings, store, recordings, sounds, documents."""

from __future__ import annotations

from typing import Protocol

import requests

from adapter.callbacks.outbox import Outbox
from adapter.conferences.conferences import Conferences
from adapter.config import Settings
from adapter.control.running import RunningCalls
from adapter.documents.fetch import DocumentFetcher
from adapter.freeswitch.dial_strings import Outlet
from adapter.journal import Journals
from adapter.media import Media
from adapter.positions import Positions
from adapter.queues.queues import Queues
from adapter.recording.archive import Archive
from adapter.relay.exchange import Exchange
from adapter.sounds.library import SoundLibrary
from adapter.store.store import Store
from adapter.swml.document import Document, DocumentCache
from adapter.swml.errors import Fault
from adapter.swml.expressions import Evaluator
from adapter.swml.interpreter import Interpreter
from adapter.swml.limits import Limits


class Resources(Protocol):
    """The part of the running adapter that a call works with (`Service` has it all)."""

    settings: Settings
    store: Store
    outbox: Outbox
    archive: Archive
    positions: Positions
    running: RunningCalls
    journals: Journals
    exchange: Exchange
    sounds: SoundLibrary
    media: Media
    web_session: requests.Session
    fetcher: DocumentFetcher
    conferences: Conferences
    queues: Queues
    outlet: Outlet
    documents: DocumentCache
    interpreter: type[Interpreter]
    limits: Limits

    @property
    def evaluate(self) -> Evaluator:
        """Evaluates an expression's JavaScript."""

    def warn_once(self, document: Document, fault: Fault) -> None:
        """Log a document's warning, but only for the first call that runs it."""
