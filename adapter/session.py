"""One call's run: its document, step by step, until the script or the call ends.

The interpreter says what to do next, a method does it to the call, and what came of it goes back
in. The recordings and callbacks that a script started outlive both.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import gevent
import structlog

from adapter import methods, metrics
from adapter.call_facts import call_facts
from adapter.documents.errors import FetchError
from adapter.documents.fetch import CallFacts
from adapter.documents.sources import NoSourceError, Source, choose, remote
from adapter.freeswitch import commands
from adapter.freeswitch.errors import CallGone, SwitchError
from adapter.identity import CallIdentity
from adapter.methods.context import Context
from adapter.recording.call_recordings import CallRecordings
from adapter.store.errors import StoreError
from adapter.swml.effects import FETCH, YIELD, Effect, Result
from adapter.swml.errors import Code, DocumentError, ScriptError
from adapter.swml.interpreter import Interpreter

if TYPE_CHECKING:
    from adapter.config import Project
    from adapter.documents.sources import Place
    from adapter.freeswitch.call import Call
    from adapter.service import Service
    from adapter.swml.document import Document

ROUNDS_VARIABLE = "swml_rounds"
"""How often the rendered dialplan offered the call in vain; once it is taken, that is over."""

NO_DOCUMENT_CAUSE = "NORMAL_TEMPORARY_FAILURE"
"""How a call ends for which no document can be had: SIP 503, so that a trunk may try elsewhere."""

FILES_DEADLINE = 8.0
"""Seconds after the hangup for recordings to close; the switch keeps the socket for ten."""


class Session:
    """Runs SWML on one call."""

    def __init__(self, service: Service, call: Call) -> None:
        self._service = service
        self._call = call
        self._log = structlog.get_logger().bind(call_id=call.uuid)
        self._source, self._problem = self._choose()
        self._project = self._find_project()
        self._identity = CallIdentity(
            call_id=call.uuid,
            node_id=call.channel.get("FreeSWITCH-Switchname"),
            event_channel=f"swml:{uuid.uuid4()}",
            project_id=self._project.id,
            space_id=self._project.space_id,
        )
        self._recordings = CallRecordings(call, service.archive, self._identity)

    def run(self) -> None:
        """Run the script to its end, then end the call and see its recordings closed."""
        metrics.CALLS_ACTIVE.inc()
        result = "failed"
        try:
            result = self._run_document()
        except CallGone as gone:
            self._log.info("call ended", reason=gone.reason)
            result = "lost" if self._call.lost else "hangup"
        finally:
            metrics.CALLS_ACTIVE.dec()
            metrics.counter(metrics.CALLS, result).inc()
        if not self._recordings.wait_ended(FILES_DEADLINE):
            self._log.error("a recording was not closed in time", seconds=FILES_DEADLINE)

    def _run_document(self) -> str:
        facts = call_facts(self._call.channel, self._identity)
        document = self._load_first(facts)
        if document is None:
            self._call.hangup(NO_DOCUMENT_CAUSE)
            return "no_document"
        self._log.info("call taken", document=document.name, caller=facts["from"], to=facts["to"])
        if self._call.variable(ROUNDS_VARIABLE):
            self._call.api(commands.set_variable(self._call.uuid, ROUNDS_VARIABLE, ""))
        script = Interpreter.start(
            document, call=facts, limits=self._service.limits, evaluate=self._service.evaluate
        )
        self._run_script(script)
        self._log.info("script finished")
        self._call.hangup()
        return "finished"

    # -- the script ------------------------------------------------------------------------------

    def _run_script(self, script: Interpreter) -> None:
        context = self._context(script)
        while (effect := script.next_effect()) is not None:
            script.apply(self._do(context, script, effect))
            self._report_warnings(script)
        if script.error:
            self._log.error("script stopped", code=script.error.code, reason=str(script.error))

    def _do(self, context: Context, script: Interpreter, effect: Effect) -> Result:
        try:
            if effect.method == YIELD:
                gevent.sleep(0)
                return Result()
            if effect.method == FETCH:
                return self._fetch(script, effect)
            self._log.debug("step", step=effect.path, method=effect.method, params=effect.params)
            result = methods.perform(context, effect)
        except CallGone:
            raise
        except ScriptError as error:
            result = Result(error=error)
        except (SwitchError, StoreError) as error:
            result = Result(error=ScriptError(Code.EXECUTE_FAILED, str(error)))
        metrics.counter(metrics.STEPS, effect.method, "failed" if result.error else "success").inc()
        return result

    def _context(self, script: Interpreter) -> Context:
        service = self._service
        return Context(
            call=self._call,
            identity=self._identity,
            recordings=self._recordings,
            sounds=service.sounds,
            store=service.store,
            outbox=service.outbox,
            variables=script.vars,
        )

    def _report_warnings(self, script: Interpreter) -> None:
        for warning in script.take_warnings():
            metrics.counter(metrics.WARNINGS, warning.code).inc()
            self._log.warning(
                "script warning", code=warning.code, step=warning.path, reason=str(warning)
            )

    # -- documents -------------------------------------------------------------------------------

    def _choose(self) -> tuple[Source | None, str]:
        channel = self._call.channel
        number = channel.get("Caller-Destination-Number")

        def variable(name: str) -> str:
            return channel.get(f"variable_{name}") or (number if "destination" in name else "")

        try:
            return choose(variable, self._service.settings), ""
        except NoSourceError as error:
            return None, str(error)

    def _find_project(self) -> Project:
        settings = self._service.settings
        named = self._source.project if self._source else None
        return (named and settings.project(named)) or settings.default_project

    def _load_first(self, facts: dict[str, object]) -> Document | None:
        """The first document that can be had and is one; the reasons of the others are logged."""
        if self._source is None:
            self._report_no_document(Code.PARSE_ERROR, self._problem)
            return None
        for place in self._source.places:
            try:
                return self._load(place, CallFacts(facts))
            except (FetchError, DocumentError) as error:
                code = error.faults[0].code if isinstance(error, DocumentError) else None
                self._report_no_document(code or Code.PARSE_ERROR, str(error))
        return None

    def _load(self, place: Place, facts: CallFacts) -> Document:
        body = self._service.fetcher.fetch(place, facts, project=self._project)
        document = self._service.documents.load(body, name=str(place))
        for warning in document.warnings:
            self._service.warn_once(document, warning)
        return document

    def _fetch(self, script: Interpreter, effect: Effect) -> Result:
        """A document that `execute` or `transfer` names by its address."""
        params = dict(effect.params.get("params") or {})
        facts = CallFacts(script.call, script.vars, script.envs, params)
        try:
            return Result(document=self._load(remote(effect.params["url"]), facts))
        except DocumentError as error:
            return Result(error=ScriptError(error.faults[0].code, str(error)))
        except (FetchError, NoSourceError) as error:
            return Result(error=ScriptError(Code.EXECUTE_FAILED, str(error)))

    def _report_no_document(self, code: str, reason: str) -> None:
        """In the log, and on the channel, where a CDR shows it."""
        self._log.error("no document", code=code, reason=reason)
        self._call.api(commands.set_variable(self._call.uuid, "script_error", code))
