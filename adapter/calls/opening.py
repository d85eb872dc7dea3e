"""The script with which a call begins here: its document anew, what it was dialled for, or the
script as it stood when the call was lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from adapter.control import order
from adapter.documents.fetch import CallFacts
from adapter.documents.sources import Source, remote
from adapter.freeswitch import commands
from adapter.queues.names import is_hop

if TYPE_CHECKING:
    from adapter.calls.call_documents import CallDocuments
    from adapter.calls.resources import Resources
    from adapter.freeswitch.call import Call
    from adapter.journal import Journal
    from adapter.swml.document import Document
    from adapter.swml.interpreter import Interpreter


log = structlog.get_logger()


UNRENDERED = (
    "dialplan_is_old",
    "another switch called into a queue's room, and this one's dialplan does not know of it:"
    " render it again (swml-adapter render) and say reloadxml",
)
"""To nobody but the one who waits there may such a call be led."""


class Opening:
    """Finds it."""

    def __init__(
        self,
        service: Resources,
        call: Call,
        documents: CallDocuments,
        facts: Mapping[str, Any],
        journal: Journal,
    ) -> None:
        self._service = service
        self._call = call
        self._documents = documents
        self._facts = facts
        self._journal = journal

    def begin(self) -> Interpreter | None:
        """The document that the settings and the channel name; None where there is none."""
        if is_hop(self._facts["to"]):
            self.report(*UNRENDERED)
            return None
        envs = self._documents.project.envs
        first = CallFacts(self._facts, envs=envs)
        return self._start(self._documents.first(first, self.report), envs)

    def begin_dialled(self, wanted: Mapping[str, Any]) -> Interpreter | None:
        """Nobody has run anything on this call: it was made by us and answered just now."""
        if digits := wanted.get("send_digits"):
            self._call.api(commands.api("uuid_send_dtmf", self._call.uuid, digits))
        envs = {**self._documents.project.envs, **(wanted.get("envs") or {})}
        if content_hash := wanted.get("document"):
            return self._start(self._documents.kept(content_hash), envs)
        fallback = wanted.get("fallback_url")
        place = remote(wanted["url"], wanted.get("url_method", "POST"))
        source = Source(place, remote(fallback) if fallback else None)
        first = CallFacts(self._facts, envs=envs)
        return self._start(self._documents.first(first, self.report, source), envs)

    def go_on(self, position: Mapping[str, Any]) -> Interpreter | None:
        """The script at its position (`Session.position`)."""
        if order.POSITION in position:
            return self.begin_dialled(position[order.POSITION])
        script = self._service.interpreter.resume(
            position["script"],
            self._documents.kept,
            limits=self._service.limits,
            evaluate=self._service.evaluate,
        )
        script.update_call(peer=None)  # nobody is bridged to a call that comes to us
        log.info("call taken up again", document=script.document.name)
        return script

    def _start(self, document: Document | None, envs: Mapping[str, Any]) -> Interpreter | None:
        if document is None:
            return None
        facts = self._facts
        self._journal.note("swml.document", {"name": document.name})
        log.info("call taken", document=document.name, caller=facts["from"], to=facts["to"])
        return self._service.interpreter.start(
            document,
            call=facts,
            envs=envs,
            limits=self._service.limits,
            evaluate=self._service.evaluate,
        )

    def report(self, code: str, reason: str) -> None:
        """Why there is no document: in the log, and on the channel, where a CDR shows it."""
        log.error("no document", code=code, reason=reason)
        self._journal.note("swml.no_document", {"code": code, "message": reason}, "error")
        self._call.set_variables({"script_error": code})
