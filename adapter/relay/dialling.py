"""`calling.dial`: calls that a client has made for it; the first that answers is its own.

    calling.dial {tag, devices: [[a, b], [c]]}      a and b at once, then c
    ← calling.call.state   of each call, with the tag, as far as it comes
    ← calling.call.dial    answered, told by the call itself once it is here; or failed

Each is made as the REST API's `dial` makes calls. After the answer it runs the step `relay`, which
gives it to the client: whichever process it comes to.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import structlog
from annotated_types import Len
from gevent.queue import Queue
from pydantic import Field

from adapter.callbacks.payloads import call_event
from adapter.control import dial
from adapter.control.command import parse
from adapter.control.connecting import Device, destination
from adapter.control.errors import ControlError, NotPossible
from adapter.control.order import Order
from adapter.control.states import device, end_reason
from adapter.greenlets import spawn
from adapter.identity import CallIdentity
from adapter.swml.parameters import ONE_OR_MANY, Parameters

if TYPE_CHECKING:
    from adapter.config import Project
    from adapter.control.commander import Commander
    from adapter.control.dialler import Dialler
    from adapter.relay.exchange import Exchange
    from adapter.store.rows import CallLog
    from adapter.swml.document import Document

log = structlog.get_logger()

News = tuple[str, str]
"""A state, and whose."""

MOST_AT_ONCE = 20
TOLD = ("created", "ringing", "ended")
"""States that are told here; the call itself tells that it is answered, and what follows."""


class Dial(Parameters):
    """Whom to call: groups in turn, those of a group at once."""

    tag: str = Field(min_length=1, max_length=128)
    devices: list[Annotated[list[Device], ONE_OR_MANY, Len(1, MOST_AT_ONCE)]] = Field(
        min_length=1, max_length=100
    )


class Dials:
    """Makes calls for clients."""

    def __init__(
        self,
        dialler: Dialler,
        commander: Commander,
        exchange: Exchange,
        read: Callable[[str, str], Document],
    ) -> None:
        self.dialler = dialler
        self.commander = commander
        self.exchange = exchange
        self._read = read

    def dial(self, project: Project, client: str, params: Mapping[str, Any]) -> None:
        """Begin; raises ControlErrors of the first group."""
        if not self.dialler.can_dial:
            raise NotPossible("No switch is configured to dial with: set `nodes`.")
        given = parse(Dial, params)
        wanted = [[parse(dial.Dial, destination(one)) for one in each] for each in given.devices]
        step = {"client": client, "tag": given.tag, "routed": True}
        text = json.dumps({"sections": {"main": [{"relay": step}]}})
        document = self._read(text, "<relay dial>")
        _Dialling(self, project, client, given.tag, document).start(wanted)


class _Dialling:
    """One dial: its calls, until one of them is answered."""

    def __init__(
        self, dials: Dials, project: Project, client: str, tag: str, document: Document
    ) -> None:
        self._dials = dials
        self._project = project
        self._client = client
        self._tag = tag
        self._document = document
        self._news: Queue[News] = Queue()
        self._ringing: dict[str, CallLog] = {}

    def start(self, groups: Sequence[Sequence[dial.Dial]]) -> None:
        """Make the first group's calls; the rest follows by itself."""
        self._call(groups[0])
        spawn(self._follow, groups[1:], name=f"relay dial {self._tag}")

    def _call(self, group: Sequence[dial.Dial]) -> None:
        """Raises the error of the first if no call could be made."""
        errors = []
        for one in group:
            try:
                self._order(one)
            except ControlError as error:
                errors.append(error)
        if not self._ringing:
            raise errors[0]

    def _order(self, one: dial.Dial) -> None:
        order = Order(
            project=self._project,
            to=one.to,
            from_=one.from_,
            leg=dial.leg(one),
            timeout=one.timeout,
            begins={"document": self._document.content_hash},
            document=self._document,
            heard=self._hear,
        )
        row = self._dials.dialler.dial(order)
        self._ringing[order.call_id] = row

    def _hear(self, state: str, row: CallLog) -> None:
        if state in TOLD:
            about = self._about(row) | {"call_state": state}
            if state == "ended":
                # A client (realtime-api) hears no more by a tag once a call that has it is over.
                about |= {"tag": "", "end_reason": end_reason(row)}
            self._tell("calling.call.state", row, about)
        if state in ("answered", "ended"):
            self._news.put((state, row.id))

    def _follow(self, rest: Sequence[Sequence[dial.Dial]]) -> None:
        try:
            if winner := self._winner(rest):
                self._give_up(winner)
        except Exception:
            log.exception("a relay dial failed inside the adapter")

    def _winner(self, rest: Sequence[Sequence[dial.Dial]]) -> str | None:
        last = next(iter(self._ringing.values()))
        for group in [(), *rest]:
            with contextlib.suppress(ControlError):
                if group:
                    self._call(group)
            while self._ringing:
                news: News = self._news.get()
                state, call_id = news
                last = self._ringing.pop(call_id, last)
                if state == "answered":
                    return call_id
        self._tell("calling.call.dial", last, {"tag": self._tag, "dial_state": "failed"})
        return None

    def _give_up(self, winner: str) -> None:
        """The others are let go, one that answered in this very moment, too."""
        for call_id in self._ringing:
            if call_id != winner:
                with contextlib.suppress(ControlError):
                    reason = {"reason": "cancel"}
                    self._dials.commander.run(self._project.id, call_id, "calling.end", reason)

    def _about(self, row: CallLog) -> dict[str, Any]:
        ends = device(row.kind, row.caller, row.called)
        return {"tag": self._tag, "direction": "outbound", "device": ends}

    def _tell(self, event_type: str, row: CallLog, params: Mapping[str, Any]) -> None:
        identity = CallIdentity(
            call_id=row.id,
            node_id=row.node_id,
            event_channel=f"relay:{self._tag}",
            project_id=self._project.id,
            space_id=self._project.space_id,
        )
        event = call_event(event_type, identity, time.time(), **params)
        self._dials.exchange.post(self._project.id, self._client, event)
