"""A called leg's confirmation: steps or a document run on it before it is bridged.

The leg has come to us over a connection of its own (`adapter.connecting.confirming`), perhaps to
another process than the call for which it was called. Who falls off the end of the steps accepts;
who hangs up does not, and neither does a leg for which something went wrong with us: nobody is
connected who was not asked.

The steps have variables of their own: nothing of the calling leg's script is seen here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from adapter.call_facts import call_facts, call_identity
from adapter.calls import warnings
from adapter.calls.call_context import call_context
from adapter.calls.call_documents import CallDocuments
from adapter.calls.step_documents import StepDocuments
from adapter.calls.steps import done, is_among
from adapter.connecting.confirming import ACCEPTING, Asked
from adapter.connecting.outcome import REFUSED
from adapter.documents.errors import FetchError
from adapter.documents.sources import NoSourceError
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone
from adapter.identity import CallIdentity
from adapter.recording.state import Reason
from adapter.store.errors import StoreError
from adapter.swml.destinations import is_url
from adapter.swml.effects import Effect, Result
from adapter.swml.errors import Code, DocumentError, ScriptError
from adapter.swml.interpreter import Interpreter

if TYPE_CHECKING:
    from adapter.calls.resources import Resources
    from adapter.freeswitch.call import Call
    from adapter.swml.document import Document

log = structlog.get_logger()

METHODS = frozenset(
    {
        *("answer", "denoise", "hangup", "play", "prompt", "record", "record_call", "request"),
        *("send_digits", "send_sms", "sleep", "stop_denoise", "stop_record_call", "stop_stream"),
        *("stop_tap", "stream", "tap", "user_event"),
    }
)
"""What may be done on a leg before it is bridged, besides controlling the steps."""

FILES_DEADLINE = 8.0
"""Seconds for the recordings of a confirmation to close."""


def _nowhere(*_: object) -> None:
    """A leg has no log of its own yet: what happens to it is in ours alone."""


class Confirmation:
    """Asks one leg."""

    def __init__(self, service: Resources, call: Call, asked: Asked) -> None:
        self._service = service
        self._call = call
        self._asked = asked
        settings, project_id = service.settings, asked.script.project_id
        self._project = settings.project(project_id) or settings.default_project
        self._documents = CallDocuments(service, call, self._project)
        identity = call_identity(call, asked.script.session_id, self._project)
        self._facts = call_facts(call.channel, identity) | {"parent": self._parent(identity)}
        documents = StepDocuments(self._documents, self._facts, _nowhere)
        self._context = call_context(service, call, identity, documents, note=_nowhere)
        self._recordings = self._context.recordings

    def run(self) -> None:
        """Run the steps, then let the leg be bridged or end it."""
        try:
            self._call.set_variables({"playback_terminators": "none"})
            self._run_steps(self._script())
            self._recordings.stop_all(Reason.STOPPED, FILES_DEADLINE)
            self._accept()
        except CallGone as gone:
            log.info("a called leg was not connected", reason=gone.reason)
        except (DocumentError, FetchError, NoSourceError, StoreError, LookupError) as error:
            log.error("a called leg cannot be asked", reason=str(error))  # noqa: TRY400
            self._call.hangup(REFUSED)
        except BaseException:
            self._call.hangup(REFUSED)
            raise
        finally:
            if not self._call.lost:
                self._recordings.wait_ended(FILES_DEADLINE)

    def _accept(self) -> None:
        self._call.raise_if_gone()
        self._call.api(commands.set_variables(self._call.uuid, ACCEPTING))
        log.info("a called leg accepts")
        self._call.close()

    # -- what is asked ---------------------------------------------------------------------------

    def _script(self) -> Interpreter:
        asked, service = self._asked, self._service
        if is_url(asked.what):
            document, block = self._context.documents.fetch(asked.what), "main"
        else:
            document, block = self._running_document(), asked.what
        log.info("a called leg is asked", document=document.name, block=block)
        return service.interpreter.start(
            document,
            call=self._facts,
            envs=self._project.envs,
            limits=service.limits,
            evaluate=service.evaluate,
            block=block,
        )

    def _parent(self, identity: CallIdentity) -> dict[str, str]:
        script = self._asked.script
        return {
            "device_type": script.call_type,
            "call_id": script.call_id,
            "node_id": identity.node_id,
        }

    def _running_document(self) -> Document:
        """The document whose step calls this leg: where its call stands is in the store."""
        script = self._asked.script
        row = self._service.store.call(script.call_id)
        if row is None or row.session_id != script.session_id:
            raise LookupError("nobody knows the document whose steps it is to be asked by")
        resumed = self._service.interpreter.resume(
            row.state["script"], self._documents.kept, limits=self._service.limits
        )
        return resumed.document

    # -- its steps -------------------------------------------------------------------------------

    def _run_steps(self, script: Interpreter) -> None:
        while (effect := script.next_effect()) is not None:
            script.apply(self._do(script, effect))
            self._report_warnings(script)
        self._report_warnings(script)

    def _do(self, script: Interpreter, effect: Effect) -> Result:
        if not is_among(effect, METHODS):
            message = f"{effect.method} cannot be used on a leg that is being connected"
            return Result(error=ScriptError(Code.METHOD_UNDEFINED, message))
        context = self._context.in_step(script.steps, script.vars)
        return done(script, effect, context, self._documents)

    def _report_warnings(self, script: Interpreter) -> None:
        url = self._service.settings.script_status_url
        warnings.report(script, self._context, url, _nowhere)
