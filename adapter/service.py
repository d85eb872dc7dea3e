"""The running adapter: every room, wired together once for all calls of the process."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

import gevent
import structlog
from gevent.event import Event as Flag

from adapter import methods, metrics, parts
from adapter.admission import Admission
from adapter.callbacks.address import Method
from adapter.callbacks.outbox import Outbox
from adapter.calls.confirmation import Confirmation
from adapter.calls.positions import Positions
from adapter.calls.session import Session
from adapter.config import Project, Settings, SettingsError
from adapter.connecting.confirming import Asked
from adapter.control import commander
from adapter.control.alone import Alone
from adapter.control.bus import Bus, Handler
from adapter.control.commander import Commander
from adapter.control.dial import dial
from adapter.control.dialler import Dialler
from adapter.control.errors import Unavailable
from adapter.control.forgotten import ForgottenCalls
from adapter.control.running import RunningCalls
from adapter.documents.fetch import DocumentFetcher
from adapter.freeswitch.call import Call
from adapter.identity import SESSION_VARIABLE
from adapter.javascript import Engine
from adapter.journal import Journals
from adapter.listeners import Listeners
from adapter.methods.remarks import remarks
from adapter.recording import folder_trial, links
from adapter.recording.recovery import Recovery
from adapter.recording.retention import Retention
from adapter.relay import exchange as relay
from adapter.relay.door import PATHS, Door
from adapter.store.rows import Recording
from adapter.store.store import Store
from adapter.swml.document import Document
from adapter.swml.errors import Fault
from adapter.swml.interpreter import Interpreter
from adapter.swml.loading import DocumentCache
from adapter.tally import Tally
from adapter.web.app import create_app, download
from adapter.web.auth import Gate
from adapter.web.calling import Calling
from adapter.web.routes import add_api
from adapter.web.server import WebServer, in_thread
from adapter.web.stored_recordings import StoredRecordings

log = structlog.get_logger()

WARNED_LIMIT = 10_000
"""Faults of documents that are remembered as logged; documents made anew per call would fill it."""

READINESS = "ready"
"""The question to other workers whether new calls are welcome to them."""

READINESS_DEADLINE = 1.5
"""Seconds for their answers: as long as the store has for a try, and a little more."""

PUBLISH_SECONDS = 1.0
"""How far behind the numbers of this worker may be when another one is asked for them."""


class Service:
    """Takes calls, serves recordings, delivers callbacks: one process's part of an adapter."""

    def __init__(
        self,
        settings: Settings,
        listeners: Listeners | None = None,
        *,
        worker: int = 0,
        tally: Tally | None = None,
    ) -> None:
        """Open the ports (if nobody did) and the store.

        Raises SettingsError, UnusableCertificateError, StoreError, OSError.

        `worker` numbers the processes that share ports and store; their calls are counted in
        `tally` (None: this is the only one). The first one also finishes the recordings that
        nobody looks after, and deletes what is too old.
        """
        settings.create_folders()
        self._certificate = parts.certificate(settings)
        self._listeners = listeners or Listeners.open(settings)
        self.settings = self._listeners.bound(settings)
        self._is_first = worker == 0
        self.draining = False
        self.stopped = Flag()
        name = f"{socket.gethostname()} {self.settings.listen} worker {worker}"
        self._open_store(name)
        self._prepare_scripts()
        self._make_doors(worker)
        self._make_caretakers(name)
        self._has_others = tally is not None
        self._publisher: gevent.Greenlet | None = None
        tally = tally or Tally.alone()
        self._admission = Admission(self.settings.limits.calls_per_peer, tally)
        self._calls = parts.call_server(self.settings, self._listeners, self._handle, tally)

    def _open_store(self, worker: str) -> None:
        """What is kept, and what all calls share besides."""
        settings = self.settings
        url = settings.database_url.get_secret_value()
        self.store = Store.open(url, deadline=settings.deadlines.store)
        self.positions = Positions(self.store, worker=worker)
        self.journals = Journals(self.store)
        self.archive = parts.archive(settings, self.store, Outbox(), self._recording_told)
        self.running = RunningCalls()
        self.shared = parts.shared(settings, self.archive, self.running.talks, worker)

    def _prepare_scripts(self) -> None:
        """What documents are read and run with."""
        self.limits = parts.limits(self.settings)
        self.interpreter = Interpreter
        self.documents = DocumentCache(methods.catalog(), remarks=remarks)
        self.fetcher = DocumentFetcher(self.settings)
        self._engine = Engine()
        self.evaluate = self._engine.evaluate
        self._warned: set[tuple[str, str]] = set()

    def _make_doors(self, worker: int) -> None:
        """Where commands come in: from other workers, by HTTP and by WebSocket."""
        settings, store, held = self.settings, self.store, self.shared.held
        answers: dict[str, Handler] = {
            commander.KIND: lambda command: self.commander.answer(command),
            relay.KIND: lambda question: self._door.answer(question),
            READINESS: lambda _: {"reasons": self._own_reasons()},
        }
        self._bus = Bus(settings.data_dir / "bus", f"{worker}-{os.getpid()}", answers)
        self.dialler = Dialler(
            settings, self.running, store=store, held=held, outbox=self.shared.outbox
        )
        alone = Alone(self.dialler, held, self._read, store.call_log)
        self.commander = Commander(self.running, known=store.call_log, bus=self._bus, alone=alone)
        self._gate = Gate(settings.projects)
        login_seconds = settings.deadlines.http_request
        self._door = Door(self._bus, self._gate, self.commander, login_seconds=login_seconds)
        self.exchange = self._door.exchange
        self._door.let_dial(self.dialler, self._read)
        self._web = self._web_server()

    def _make_caretakers(self, worker: str) -> None:
        """What delivers callbacks, and looks after what calls left behind."""
        settings, store = self.settings, self.store
        self._sender = parts.sender(settings, store, worker)
        self._recovery = Recovery(self.archive, self.shared.media.faxes.finish)
        self._forgotten = ForgottenCalls(
            store,
            self.shared.outbox,
            self.running,
            lambda project: parts.space(settings, project),
        )
        self._retention = Retention(store, settings.recordings_dir, settings.retention)
        self._nodes = (
            parts.nodes(settings, self._recovery, self._forgotten) if self._is_first else []
        )

    def start(self) -> None:
        """Begin: downloads and callbacks first, calls last.

        Raises SettingsError when a switch of `nodes` cannot write recordings.
        """
        if self._is_first and (found := list(folder_trial.faults(self.settings))):
            raise SettingsError(found)
        self._bus.start()
        if self._has_others:
            self._publisher = gevent.spawn(self._keep_published)
            self._publisher.name = "metrics"
        self._web.start()
        for node in self._nodes:
            node.start()
        self.dialler.start()
        if self._is_first:
            self._recovery.start(self._nodes)
            self._forgotten.start(self._nodes)
            self._retention.start()
        self._sender.start()
        self._calls.start()

    def reload(self) -> None:
        """Read again what may change while we run: the certificate."""
        if self._certificate is not None:
            self._certificate.reload()
        else:
            log.info("nothing to read again, since there is no certificate")

    def stop(self) -> None:
        """No new calls; running ones may end, callbacks that are due go out. Told twice: hurry."""
        if self.draining:
            self._calls.stop()
            return
        self.draining = True
        deadline = self.settings.deadlines.drain
        log.info("draining", calls=self._calls.calls, seconds=deadline)
        self._calls.stop_accepting()
        if not self._calls.join(deadline):
            log.warning("calls go on with the dialplan", calls=self._calls.calls)
        self._calls.stop()
        self._recovery.stop()
        self._forgotten.stop()
        self._retention.stop()
        for node in self._nodes:
            node.stop()
        self.dialler.stop()
        self._sender.stop(deadline)
        self._door.close()
        self._web.stop(1)
        self._bus.stop()
        if self._publisher is not None:
            self._publisher.kill()
        self.fetcher.close()
        self._engine.close()
        self.shared.media.helpers.close()
        self.shared.queues.stop()
        self.shared.media.sink.close()
        self.positions.stop()
        self.journals.stop()
        self.store.close()
        self.stopped.set()

    def reasons_not_ready(self) -> list[str]:
        """Why no new call should come to any of the workers; empty when all is well."""
        reasons = self._own_reasons()
        for answer in self._bus.ask_all(READINESS, {}, READINESS_DEADLINE):
            reasons += answer["reasons"] if answer else ["a worker does not answer"]
        return list(dict.fromkeys(reasons))

    def _own_reasons(self) -> list[str]:
        fault = self.store.fault()
        reasons = [f"the store is broken: {fault}"] if fault else []
        if self.archive.held.count:
            reasons.append("what was to be stored is held in memory")
        return [*reasons, "the adapter is stopping"] if self.draining else reasons

    def warn_once(self, document: Document, fault: Fault) -> None:
        """Log a document's warning, but only for the first call that runs it."""
        key = (document.content_hash, fault.path)
        if key in self._warned or len(self._warned) >= WARNED_LIMIT:
            return
        self._warned.add(key)
        log.warning(
            "document warning",
            document=document.name,
            code=fault.code,
            step=fault.path,
            line=fault.line,
            reason=fault.message,
        )

    def _handle(self, call: Call) -> None:
        asked = Asked.by(call)
        if asked is not None:  # a party that we called ourselves
            Confirmation(self, call, asked).run()
        elif self._admission.enter(call, known=bool(call.variable(SESSION_VARIABLE))):
            try:
                Session(self, call).run()
            finally:
                self._admission.leave(call)

    def _recording_told(self, row: Recording) -> None:
        self.journals.recording(row)
        if control := self.running.taken(row.call_id):
            control.audience.recording(row, self.archive.url(row))

    def _measure(self) -> None:
        self._publish()
        self._sender.measure()

    def _publish(self) -> None:
        metrics.RECORDINGS_ACTIVE.set(len(self.archive.in_hand))
        metrics.publish()

    def _keep_published(self) -> None:
        """A scrape may reach another worker, which knows of us what stands in our files."""
        while True:
            gevent.sleep(PUBLISH_SECONDS)
            self._publish()

    def _web_server(self) -> WebServer:
        app = create_app(
            self.settings,
            self.store,
            verify=links.verify,
            reasons=self.reasons_not_ready,
            measure=self._measure,
            offload=in_thread,
        )
        gate = self._gate
        add_api(
            app,
            gate=gate,
            store=self.store,
            stored=self._stored_recordings(),
            commands=self.commander,
            dial=self._dial,
            calls=Calling(gate, self.commander, self._dial),
            download=download(self.settings, self.store, verify=links.verify, offload=in_thread),
            public_url=self.settings.public_url,
        )
        sockets = dict.fromkeys(PATHS, self._door.serve)
        return WebServer(self.settings, app, self._listeners.web, self._certificate, sockets)

    def _dial(
        self, project: Project, params: Mapping[str, Any], *, form: Method | None = None
    ) -> dict[str, Any]:
        if self.draining:
            raise Unavailable("The adapter is stopping.")
        return dial(self.dialler, self._read, project, params, form=form)

    def _read(self, text: str, name: str) -> Document:
        return self.documents.load(text, name=name)

    def _stored_recordings(self) -> StoredRecordings:
        archive = self.archive
        return StoredRecordings(self.store, archive.folder, archive.url, told=self.journals.note)
