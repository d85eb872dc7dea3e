"""One call's run: its document, step by step, until the script or the call ends.

The interpreter says what to do next, a method does it to the call, and what came of it goes back
in. The recordings and callbacks that a script started outlive both.

Where the call stands is noted at every step. If this process dies, the dialplan brings the call
back, here or to another process, with the session's id in a channel variable: it then goes on at
the step where it stood, with its variables and its running recordings.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import structlog
from msgspec.structs import replace

from adapter import methods, metrics
from adapter.call_facts import call_facts, call_identity, ends, peer_of
from adapter.calls import warnings
from adapter.calls.call_context import call_context
from adapter.calls.call_documents import CallDocuments
from adapter.calls.opening import Opening
from adapter.calls.step_documents import StepDocuments
from adapter.calls.steps import done
from adapter.control import order
from adapter.control.call_control import CallControl
from adapter.control.states import WATCH, CallStates, Watch, state_callback, watched
from adapter.freeswitch.errors import CallGone, Interrupted
from adapter.identity import SESSION_VARIABLE, new_id
from adapter.journal import Journal
from adapter.relay import audience
from adapter.store.rows import CallLog
from adapter.swml.effects import YIELD, Effect, Result
from adapter.swml.interpreter import Interpreter

if TYPE_CHECKING:
    from adapter.calls.resources import Resources
    from adapter.freeswitch.call import Call
    from adapter.freeswitch.wire import Event
    from adapter.swml.document import Document

log = structlog.get_logger()

ROUNDS_VARIABLE = "swml_rounds"
"""How often the rendered dialplan offered the call in vain; once it is taken, that is over."""

NO_DOCUMENT_CAUSE = "NORMAL_TEMPORARY_FAILURE"
"""How a call ends for which no document can be had: SIP 503, so that a trunk may try elsewhere."""

AUDIBLE_SECONDS = 0.1
"""A step that took longer was heard, or waited: it must not be done again."""

SETTLE_SECONDS = 2.0
"""For what was commanded to say that it is over, before the call says so."""

FILES_DEADLINE = 8.0
"""Seconds after the hangup for recordings to close; the switch keeps the socket for ten."""


class Session:
    """Runs SWML on one call."""

    def __init__(self, service: Resources, call: Call) -> None:
        self._service = service
        self._call = call
        dialled_by = service.settings.project(order.dialled_by(call))
        self._documents = CallDocuments(service, call, dialled_by)
        self._known = call.variable(SESSION_VARIABLE)
        self._dialled = dialled_by is not None
        self.session_id = self._known or new_id()
        self.call_id = call.uuid
        self.began = time.time()
        self.over = False
        self._identity = call_identity(call, self.session_id, self._documents.project)
        self.node_id = self._identity.node_id
        self._replacement: Document | None = None
        self._step_began = 0.0
        self._facts = call_facts(call.channel, self._identity)
        self._audience = audience.gather(service.exchange, call, self._identity, self._facts)
        self._states = CallStates()
        self._journal = self._open_journal()
        self._opening = Opening(service, call, self._documents, self._facts, self._journal)
        self._step_documents = StepDocuments(self._documents, self._facts, self._opening.report)
        self._context = call_context(
            service,
            call,
            self._identity,
            self._step_documents,
            note=self._journal.note,
            clients=self._audience,
        )
        self._recordings = self._context.recordings
        self._follow_bridges()

    @property
    def script(self) -> Interpreter | None:
        """The call's own script, once there is one."""
        return self._step_documents.script

    def _follow_bridges(self) -> None:
        """`call.peer` is who the call talks to, while it does."""

        def bridged(event: Event) -> None:
            if self.script is not None:
                self.script.update_call(peer=peer_of(event, self._identity))

        def parted(_event: Event) -> None:
            if self.script is not None:
                self.script.update_call(peer=None)

        self._call.on("CHANNEL_BRIDGE", bridged)
        self._call.on("CHANNEL_UNBRIDGE", parted)

    def run(self) -> None:
        """Run the script to its end, then end the call and see its recordings closed."""
        with closing(self._journal):
            # Not kept here, as it knows us: a call must not wait for the collector of circles.
            control = CallControl(
                self._context, self._row, self, self._journal.note, self._audience
            )
            self._service.running.add(control)
            try:
                self._run()
                self._close(control)
            finally:
                self._service.running.remove(control)

    def _run(self) -> None:
        metrics.CALLS_ACTIVE.inc()
        result = "failed"
        try:
            result = self._run_document()
        except CallGone as gone:
            log.info("call ended", reason=gone.reason)
            result = "lost" if self._call.lost else "hangup"
        finally:
            metrics.CALLS_ACTIVE.dec()
            metrics.count(metrics.CALLS, result)

    def _run_document(self) -> str:
        # By default a `*` cuts off what plays; SWML has no such rule.
        variables = {SESSION_VARIABLE: self.session_id, "playback_terminators": "none"}
        if self._call.variable(ROUNDS_VARIABLE):
            variables[ROUNDS_VARIABLE] = ""
        self._call.set_variables(variables)
        script = self._step_documents.script = self._find_script()
        if self._call.answered:
            self._reach("answered")
        if script is None:
            self._call.hangup(NO_DOCUMENT_CAUSE)
            return "no_document"
        self._run_script(script)
        log.info("script finished")
        self._call.hangup()
        return "finished"

    def _close(self, control: CallControl) -> None:
        if self._call.lost:
            return
        self._reach("ended")
        if not self._recordings.wait_ended(FILES_DEADLINE):
            log.error("a recording was not closed in time", seconds=FILES_DEADLINE)
        self.over = True
        control.settle(SETTLE_SECONDS)
        self._audience.state("ended", self._call.hangup_cause)
        if self.script is not None:
            self._service.positions.end(self)

    def _row(self) -> CallLog:
        if self._call.answered:
            self._journal.state("answered")
        row = self._journal.row
        return replace(row, state="ended") if self._call.gone else row

    def _open_journal(self) -> Journal:
        journals, call = self._service.journals, self._call
        journal = journals.open(
            self._identity,
            self._facts,
            resumed=bool(self._known) and not self._dialled,
            dialled=self._dialled,
        )
        if self._dialled:
            row = journal.row
            self._facts |= ends(row.kind, row.caller, row.called)
        call.observe(journal.commands)
        call.on("CHANNEL_ANSWER", lambda _: journal.state("answered"))
        call.on(
            "CHANNEL_HANGUP", lambda event: journal.state("ended", cause=event.get("Hangup-Cause"))
        )
        return journal

    # -- where the call stands -------------------------------------------------------------------

    def position(self) -> dict[str, Any]:
        """What going on needs (for Positions)."""
        script = self.script.state() if self.script else {}
        watch = watched(self._states.watch)
        return {"script": script, "step_began": self._step_began, **watch}

    def documents(self) -> Iterable[Document]:
        """The documents that the position names (for Positions)."""
        return self._documents.named(self.script.document_hashes() if self.script else ())

    def _find_script(self) -> Interpreter | None:
        if not self._known:
            return self._opening.begin()
        position = self._service.positions.find(self.call_id, self.session_id)
        self._recordings.adopt()
        if position is None:
            log.warning("the call was here before, but not where it stood")
            return None if self._dialled else self._opening.begin()
        self._states.watch = Watch.of(position.get(WATCH))
        self._step_began = position.get("step_began", 0.0)
        if order.POSITION not in position:
            self._audience.again()
        script = self._opening.go_on(position)
        methods.adopt(self._context)
        return script

    # -- for those who control the call ----------------------------------------------------------

    def replace(self, document: Document) -> None:
        """Run this one in place of what runs now, which is broken off."""
        self._replacement = document
        self._call.interrupt()

    def watch(self, url: str) -> None:
        """Tell the call's states there."""
        self._states.look_at(url)
        if self.script is not None:
            self._service.positions.flush(self)

    def _reach(self, state: str) -> None:
        shared, row = self._service.shared, self._row()
        for watch, told in self._states.reach(state):
            write = state_callback(shared.outbox, self._identity, watch, row, told)
            shared.held.commit(write)

    # -- the script ------------------------------------------------------------------------------

    def _run_script(self, script: Interpreter) -> None:
        with self._call.conducted():
            while not self._runs_to_its_end(script):
                document, self._replacement = self._replacement, None
                if document is not None:
                    self._call.calm_down()
                    log.info("document replaced", document=document.name)
                    self._journal.note("swml.document", {"name": document.name})
                    self._step_began = 0.0
                    script.update_call(peer=None)
                    script.replace(document)
        self._report_warnings(script)
        if script.error:
            log.error("script stopped", code=script.error.code, reason=str(script.error))
            details = {"code": script.error.code, "message": str(script.error)}
            self._journal.note("swml.stopped", details, "error")

    def _runs_to_its_end(self, script: Interpreter) -> bool:
        """False when it was called away: to another document, or to the same step once more."""
        try:
            self._run_steps(script)
        except Interrupted:
            return False
        return self._replacement is None

    def _run_steps(self, script: Interpreter) -> None:
        answered, heard = self._call.answered, False
        while self._replacement is None and (effect := script.next_effect()) is not None:
            self._step_began = self._step_began or time.time()
            self._report_warnings(script)  # the step may take an hour
            self._keep_position(heard, effect)
            script.apply(self._do(script, effect))
            if self._call.answered and not answered:
                answered = True
                script.update_call(call_state="answered", state="answered")
                self._reach("answered")
            heard = self._was_heard(effect.method, time.time() - self._step_began)
            self._step_began = 0.0
            self._report_warnings(script)

    @staticmethod
    def _was_heard(method: str, seconds: float) -> bool:
        audible = seconds > AUDIBLE_SECONDS and not methods.is_silent(method)
        return audible or methods.is_done_once(method)

    def _keep_position(self, heard: bool, effect: Effect) -> None:
        """What was heard, or is done only once, is written down before the next step begins."""
        if heard or methods.is_done_once(effect.method):
            self._service.positions.flush(self)
        else:
            self._service.positions.note(self)

    def _do(self, script: Interpreter, effect: Effect) -> Result:
        if effect.method != YIELD:
            details = {"step": effect.path, "parameters": effect.params}
            self._journal.note(f"swml.{effect.method}", details)
        context = self._context.in_step(script.steps, script.vars, began=self._step_began)
        return done(script, effect, context, self._documents)

    def _report_warnings(self, script: Interpreter) -> None:
        if script.has_warnings:
            url = self._service.settings.script_status_url
            warnings.report(script, self._context, url, self._journal.note)
