"""One fax on one call, from the switch's application to its last callback.

switch                              here
spandsp::…negociateresult        →  there is a fax machine: it may take its time
spandsp::…pageresult             →  calling.call.fax, page
spandsp::…faxresult              →  the outcome; a caller who hangs up at once does not hide it
                                 ←  stopfax, where no fax machine answers in time

It outlives us: `socket_resume` is off meanwhile, so that the switch does not break it off when our
connection ends. When it is over the dialplan goes on with its next `socket` action, and whoever
gets the call finds in the channel's variables what became of it (`methods.receive_fax.resumed`).
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import gevent
import structlog
from gevent.event import Event as Flag
from msgspec import structs

from adapter.freeswitch import commands, faxes
from adapter.freeswitch.errors import CallGone, Interrupted, SwitchError
from adapter.freeswitch.faxes import Outcome
from adapter.greenlets import spawn
from adapter.recording.state import State
from adapter.store.rows import FAX, Recording

if TYPE_CHECKING:
    from adapter.faxing.faxes import Faxes
    from adapter.freeswitch.call import Call
    from adapter.freeswitch.wire import Event

log = structlog.get_logger()

RESULT_SECONDS = 3.0
"""From the hangup, or a stop, to the result: it comes within a tick."""

APPLICATIONS = {"receive": faxes.RECEIVE, "send": faxes.SEND}


class Transmission:
    """Runs one fax."""

    def __init__(self, call: Call, kept: Faxes, row: Recording) -> None:
        self.row = row
        self._call = call
        self._faxes = kept
        self._archive = kept.archive
        self._reported = Flag()
        self._outcome: Outcome | None = None
        self._given_up = Flag()
        self._stopped = False
        self._timer: gevent.Greenlet | None = None
        self._pages: list[gevent.Greenlet] = []

    @property
    def control_id(self) -> str:
        """As its callbacks name it."""
        return self.row.control_id

    def stop(self) -> None:
        """End it before its time."""
        self._stopped = True
        self._given_up.set()

    def run(self, *, header: str = "") -> Recording:
        """Until it is over; the row as it is then.

        Raises `CallGone` and `Interrupted`, and has seen to the end of the fax before, except where
        the connection is lost: whoever takes the call up sees to it, or recovery.
        """
        self._archive.in_hand.add(self.row.id)
        unsubscribe = self._call.on("CUSTOM", self._on_event)
        try:
            return self._run(header)
        finally:
            unsubscribe()
            self._limit(None)
            if not self._call.gone:
                with contextlib.suppress(SwitchError):
                    self._call.api(faxes.over(self._call.uuid, self.row.options[FAX]["resume"]))
            self._archive.in_hand.discard(self.row.id)

    def _run(self, header: str) -> Recording:
        begun = structs.replace(self.row, state=State.RECORDING, started_at=self._archive.clock())
        self.row = begun
        self._archive.put(begun)
        try:
            self._execute(header)
        except (CallGone, Interrupted):
            if not self._call.lost:
                self._reported.wait(RESULT_SECONDS)
                self._finish()
            raise
        except SwitchError as error:
            self._outcome = Outcome(text=str(error))
        return self._finish()

    def _execute(self, header: str) -> None:
        call, settings = self._call, self._faxes.settings
        identity = self.row.options[FAX]["identity"]
        call.api(faxes.subscribe())
        asks = self.row.direction == "receive"
        call.set_variables(
            faxes.variables(identity=identity, header=header, t38=settings.t38, asks=asks)
        )
        self._limit(settings.answer_timeout)
        completed = call.execute(
            APPLICATIONS[self.row.direction],
            self._archive.switch_path(self.row),
            until=self._given_up,
            stop=commands.execute(faxes.STOP, event_uuid=str(uuid.uuid4())),
        )
        if self._outcome is None:
            # It never began: no file, or no memory for a modem.
            refused = completed.get("Application-Response", "_none_")
            self._outcome = Outcome(text=f"the switch does no fax: {refused}")

    def _finish(self) -> Recording:
        gevent.joinall(self._pages)
        if self._given_up.is_set() and self._outcome:
            self._outcome = self._explained(self._outcome)
        self.row = self._faxes.finish(self.row, self._outcome)
        log.info("fax over", fax=self.row.id, state=self.row.state, **self.row.options[FAX])
        return self.row

    def _explained(self, outcome: Outcome) -> Outcome:
        """To the switch an end by `stopfax` is one like any other."""
        if self._stopped and not outcome.success:
            return replace(outcome, text="it was stopped by a command")
        if not outcome.remote:
            code, text = faxes.TIMED_OUT
            return replace(outcome, code=code, text=text)
        return outcome

    def _limit(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.kill(block=False)
        self._timer = None if seconds is None else gevent.spawn_later(seconds, self._given_up.set)

    def _on_event(self, event: Event) -> None:
        """In the reader's greenlet."""
        match event.get("Event-Subclass"):
            case name if name in faxes.NEGOTIATED:
                self._limit(self._faxes.settings.seconds)
            case name if name in faxes.PAGE:
                number = event.get("fax-document-transferred-pages")
                page = int(number) if number.isdigit() else 0
                self._pages.append(spawn(self._faxes.tell_page, self.row, page))
            case name if name in faxes.RESULT:
                self._outcome = Outcome.of(event)
                self._reported.set()
