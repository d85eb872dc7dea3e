"""The documents that a call's steps name, and those who command it: with what its script knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.callbacks.address import Method
from adapter.documents.fetch import CallFacts
from adapter.documents.sources import remote

if TYPE_CHECKING:
    from adapter.calls.call_documents import CallDocuments, Report
    from adapter.swml.document import Document
    from adapter.swml.interpreter import Interpreter


class StepDocuments:
    """Those of one call."""

    script: Interpreter | None = None
    """The call's own script; the servers of its documents are told what it knows by then."""

    def __init__(self, of_call: CallDocuments, facts: Mapping[str, Any], report: Report) -> None:
        """`facts` is the call as it came to us; `report` hears why there is no fallback."""
        self.of_call = of_call
        self._facts = facts
        self._report = report

    @property
    def known(self) -> CallFacts:
        """What is known of the call at this moment."""
        script = self.script
        if script is None:
            return CallFacts(self._facts, envs=self.of_call.project.envs)
        return CallFacts(script.call, script.vars, script.envs)

    def fetch(self, url: str, method: Method = "POST") -> Document:
        """A document from outside; raises FetchError, DocumentError and NoSourceError."""
        return self.of_call.load(remote(url, method), self.known)

    def read(self, text: str) -> Document:
        """A document by its text; raises DocumentError."""
        return self.of_call.read(text, "<command>")

    def fallback(self) -> Document | None:
        """What the settings give a call when its own document comes to nothing."""
        facts = CallFacts(self._facts, envs=self.of_call.project.envs)
        return self.of_call.fallback(facts, self._report)
