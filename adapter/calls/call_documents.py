"""The documents of one call: which it gets first, and those that it has run or been told to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from adapter.documents.errors import FetchError
from adapter.documents.fetch import CallFacts
from adapter.documents.sources import NUMBER_VARIABLE, NoSourceError, Source, Topic, choose, remote
from adapter.log import about
from adapter.methods.relay import routed
from adapter.swml.effects import Effect, Result
from adapter.swml.errors import Code, DocumentError, ScriptError

if TYPE_CHECKING:
    from adapter.calls.resources import Resources
    from adapter.config import Project
    from adapter.documents.sources import Place
    from adapter.freeswitch.call import Call
    from adapter.swml.document import Document
    from adapter.swml.interpreter import Interpreter

Report = Callable[[str, str], None]
"""Takes the code and the reason why there is no document."""


class CallDocuments:
    """Chooses, fetches and keeps them."""

    def __init__(self, service: Resources, call: Call, project: Project | None = None) -> None:
        """`project` is the call's owner; None: its document says whose it is."""
        self._service = service
        self._source, self._problem = _choose(service, call)
        self.project = project or self._find_project()
        self._known: dict[str, Document] = {}

    def first(
        self, facts: CallFacts, report: Report, source: Source | None = None
    ) -> Document | None:
        """The first document that can be had and is one; `report` hears why others are not.

        It is looked for at `source`, or where the settings and the channel say.
        """
        source = source or self._source
        if source is None:
            report(Code.PARSE_ERROR, self._problem)
            return None
        found = (self._loaded(place, facts, report) for place in source.places)
        return next((document for document in found if document is not None), None)

    def _loaded(self, place: Place | Topic, facts: CallFacts, report: Report) -> Document | None:
        try:
            return self.load(place, facts)
        except (FetchError, DocumentError) as error:
            code = error.code if isinstance(error, DocumentError) else None
            report(code or Code.PARSE_ERROR, str(error))
        return None

    def fallback(self, facts: CallFacts, report: Report) -> Document | None:
        """What follows where the first document was none, or came to nothing."""
        if self._source is None or self._source.fallback is None:
            return None
        return self._loaded(self._source.fallback, facts, report)

    def load(self, place: Place | Topic, facts: CallFacts) -> Document:
        """Fetch a document; raises FetchError and DocumentError."""
        if isinstance(place, Topic):
            return self.read(routed(place.name, self._service.settings.relay), str(place))
        body = self._service.fetcher.fetch(place, facts, project=self.project)
        return self.read(body, str(place))

    def read(self, text: str | bytes, name: str) -> Document:
        """A document by its text; raises DocumentError."""
        document = self._service.documents.load(text, name=name)
        self._known[document.content_hash] = document
        for warning in document.warnings:
            self._service.warn_once(document, warning)
        return document

    def fetched(self, script: Interpreter, effect: Effect) -> Result:
        """A document that `execute` or `transfer` names by its address."""
        params = dict(effect.params.get("params") or {})
        facts = CallFacts(script.call, script.vars, script.envs, params)
        try:
            with about(step=effect.path):
                return Result(document=self.load(remote(effect.params["url"]), facts))
        except DocumentError as error:
            return Result(error=ScriptError(error.code, str(error)))
        except (FetchError, NoSourceError) as error:
            return Result(error=ScriptError(Code.EXECUTE_FAILED, str(error)))

    def kept(self, content_hash: str) -> Document:
        """A document that the store has; raises KeyError."""
        kept = self._service.store.document(content_hash)
        if kept is None:
            raise KeyError(content_hash)
        name, source = kept
        document = self._known[content_hash] = self._service.documents.load(source, name=name)
        return document

    def named(self, hashes: Iterable[str]) -> list[Document]:
        """Those of these hashes that came from outside."""
        return [self._known[name] for name in hashes if name in self._known]

    def _find_project(self) -> Project:
        settings = self._service.settings
        named = self._source.project if self._source else None
        return (named and settings.project(named)) or settings.default_project


def _choose(service: Resources, call: Call) -> tuple[Source | None, str]:
    def variable(name: str) -> str:
        value = call.variable(name)
        if not value and name == NUMBER_VARIABLE:
            return call.channel.get("Caller-Destination-Number")
        return value

    try:
        return choose(variable, service.settings), ""
    except NoSourceError as error:
        return None, str(error)
