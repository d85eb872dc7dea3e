"""The faxes of a process: rows among those of recordings, and files in the same folder.

A fax is kept as a recording is: committed before the switch is told, its end and the callback about
it in one transaction, finished by others should nobody be left to see it (`recording.recovery`),
downloaded by the same signed links, deleted by the same rules. What was received is a PDF, or the
TIFF that the switch wrote where it cannot be made one.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog
from msgspec import structs

from adapter.callbacks.fax_payloads import document_of, fax_page_event
from adapter.faxing import documents, pages
from adapter.faxing.documents import NoDocument
from adapter.freeswitch.faxes import Outcome
from adapter.helpers.errors import HelperError
from adapter.recording.state import State
from adapter.store.rows import FAX, Recording, RecordingFilter

if TYPE_CHECKING:
    import requests

    from adapter.config import Fax as Settings
    from adapter.helpers.pool import Helpers
    from adapter.identity import CallIdentity
    from adapter.recording.archive import Archive

log = structlog.get_logger()

MAX_OF_CALL = 1000
"""Faxes of one call that are looked at; a call of hours has a few dozen."""


@dataclass(frozen=True, slots=True)
class Faxes:
    """Rows, documents and pages."""

    archive: Archive
    helpers: Helpers
    web: requests.Session
    settings: Settings

    def of_step(self, call_id: str, step: int) -> Recording | None:
        """The fax that this very step began before the call changed hands."""
        wanted = RecordingFilter(call_id=call_id, faxes=True, deleted=None)
        rows = self.archive.store.recordings(wanted, limit=MAX_OF_CALL)
        return next((row for row in rows if row.options[FAX]["step"] == step), None)

    def last_commanded(self, call_id: str) -> Recording | None:
        """The last fax of a call that no document but a client has begun."""
        wanted = RecordingFilter(call_id=call_id, faxes=True, deleted=None)
        rows = self.archive.store.recordings(wanted, limit=MAX_OF_CALL)
        commanded = [row for row in rows if row.options[FAX]["step"] < 0]
        return max(commanded, key=lambda row: row.created_at, default=None)

    def new(
        self,
        call: CallIdentity,
        direction: str,
        status_url: str | None,
        control_id: str = "",
        **facts: Any,
    ) -> Recording:
        """A row for a fax that is about to begin.

        `facts` are its step, identity and document, and what `socket_resume` was before.
        """
        fax_id = str(uuid.uuid4())
        return Recording(
            id=fax_id,
            call_id=call.call_id,
            node_id=call.node_id,
            event_channel=call.event_channel,
            project_id=call.project_id,
            space_id=call.space_id,
            control_id=control_id or str(uuid.uuid4()),
            state=State.STARTING,
            path=f"{fax_id}.tif",
            created_at=self.archive.clock(),
            format="tiff",
            direction=direction,
            status_url=status_url,
            options={FAX: facts},
        )

    def prepare(self, fax: Recording, url: str) -> None:
        """Make the pages of what is to be sent; raises NoDocument."""
        target = self.archive.path(fax)
        source = target.with_suffix(".document")
        try:
            documents.fetch(self.web, url, source, self.settings.max_bytes)
            self.helpers.run(
                pages.TO_FAX,
                deadline=self.settings.convert_seconds,
                source=str(source),
                target=str(target),
                most_pages=self.settings.max_pages,
            )
        except HelperError as error:
            target.unlink(missing_ok=True)
            raise NoDocument(_advice(error)) from error
        finally:
            source.unlink(missing_ok=True)

    def tell_page(self, fax: Recording, number: int) -> None:
        """A page has come, or gone; told once, whoever sees it."""
        if fax.status_url:
            archive = self.archive
            payload = fax_page_event(fax, timestamp=archive.clock(), number=number)
            key = str(uuid.uuid5(uuid.UUID(fax.id), f"page:{number}"))
            put = archive.outbox.put(fax.id, fax.status_url, payload, fax.project_id, key=key)
            archive.held.commit(put)

    def concluded(self, fax: Recording, outcome: Outcome | None = None) -> Recording:
        """The row as it is at the end; without an outcome, nobody saw that."""
        outcome = outcome or Outcome()
        if fax.direction == "receive":
            fax, outcome = self._received(fax, outcome)
        facts = {
            "success": outcome.success,
            "code": outcome.code,
            "text": outcome.text,
            "pages": outcome.pages,
            "remote": outcome.remote,
        }
        now = self.archive.clock()
        return structs.replace(
            fax,
            state=State.FINISHED if outcome.success or fax.size else State.ERROR,
            ended_at=now,
            # What was sent is its owner's: no file of it stays here.
            deleted_at=now if fax.direction == "send" else None,
            error_code=None if outcome.success else "fax_failed",
            error_message=None if outcome.success else outcome.text,
            options={**fax.options, FAX: {**fax.options[FAX], **facts}},
        )

    def finish(self, fax: Recording, outcome: Outcome | None = None) -> Recording:
        """Conclude it, let the row and its callbacks say so, and tidy up."""
        tiff = self.archive.path(fax)
        fax = self.concluded(fax, outcome)
        for number in range(1, fax.options[FAX]["pages"] + 1):
            # Those that came while nobody was here.
            self.tell_page(fax, number)
        self.archive.announce(fax)
        if self.archive.path(fax) != tiff or not fax.size:
            tiff.unlink(missing_ok=True)
        return fax

    def results(self, method: str, fax: Recording) -> dict[str, Any]:
        """The variables that the method sets."""
        facts = fax.options[FAX]
        found = {
            "document": document_of(fax, self.archive.url(fax)),
            "identity": facts["identity"],
            "remote_identity": facts.get("remote", ""),
            "pages": facts.get("pages", 0),
            "result_code": facts.get("code"),
            "result_text": facts.get("text", ""),
            "result": "success" if facts.get("success") else "failed",
        }
        return {f"{method}_{name}": value for name, value in found.items()}

    def _received(self, fax: Recording, outcome: Outcome) -> tuple[Recording, Outcome]:
        """The pages that are there are a document, whatever became of the rest."""
        path = self.archive.path(fax)
        if not path.exists() or not path.stat().st_size:
            return fax, outcome
        target = path.with_suffix(".pdf")
        try:
            count = self.helpers.run(
                pages.TO_PDF,
                deadline=self.settings.convert_seconds,
                source=str(path),
                target=str(target),
            )
        except HelperError as error:
            if not outcome.pages:
                return fax, outcome
            log.warning("a fax stays the TIFF that it is", fax=fax.id, reason=_advice(error))
            return structs.replace(fax, size=path.stat().st_size), outcome
        fax = structs.replace(fax, path=target.name, format="pdf", size=target.stat().st_size)
        return fax, replace(outcome, pages=max(count, outcome.pages))


def _advice(error: HelperError) -> str:
    missing = "No module named" in str(error)
    return f"{error}; install swml-freeswitch[fax]" if missing else str(error)
