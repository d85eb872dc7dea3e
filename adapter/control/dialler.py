"""Makes calls by the switches of `nodes`.

    order    →  the call, what it begins with, and `queued` are stored
             →  bgapi originate {…}[swml_session=…;…]ENDPOINT 'm:^:socket:US async full^…' inline
             →  the call is followed until it is answered (`adapter.control.ringing`)

After the answer the call comes to us as any other does, with its session's id: whichever process
gets it finds in the store what it begins with. It waits for an adapter for half a minute; a
process that dies meanwhile is not missed.
"""

from __future__ import annotations

import itertools
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from gevent.event import Event as Flag

from adapter.control.errors import Invalid, NotPossible, Unavailable
from adapter.control.order import POSITION, Order, project_variable
from adapter.control.ringing import JOB, STATES, Ringing
from adapter.control.states import watched
from adapter.freeswitch import dial_strings
from adapter.freeswitch.dial_strings import Leg, Outlet
from adapter.freeswitch.errors import SwitchError, UnsafeValue
from adapter.freeswitch.node import Node
from adapter.freeswitch.wire import Event
from adapter.identity import SESSION_VARIABLE, CallIdentity
from adapter.store.errors import StoreError
from adapter.store.rows import CallLog, CallPosition
from adapter.store.writes import PutDocument, Write

if TYPE_CHECKING:
    from adapter.callbacks.outbox import Outbox
    from adapter.config import Settings
    from adapter.config.models import Node as NodeSettings
    from adapter.control.running import RunningCalls
    from adapter.store.held import HeldWrites
    from adapter.store.store import Store

log = structlog.get_logger()

DIALLER_VARIABLE = "swml_dialler"
"""Channel variable by which a process knows the calls that it makes from those of others."""

CONNECT_SECONDS = 1.5
"""How long a switch is waited for that is not connected: we, or it, may have just started."""

MARGIN = 10
"""Seconds that the switch itself waits longer than we do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A switch that calls can be made by, and the address by which it finds us."""

    node: Node
    adapter: str


class Dialler:
    """Makes calls."""

    def __init__(
        self,
        settings: Settings,
        running: RunningCalls,
        *,
        store: Store,
        held: HeldWrites,
        outbox: Outbox,
    ) -> None:
        self._settings = settings
        self._running = running
        self._store, self._held, self._outbox = store, held, outbox
        self._outlet = Outlet(settings.sip_profile, settings.gateway, settings.addresses)
        self._token = str(uuid.uuid4())
        self._lines = [self._line(node) for node in settings.nodes]
        self._turn = itertools.count()
        self._came = Flag()

    @property
    def can_dial(self) -> bool:
        """Whether any switch is configured."""
        return bool(self._lines)

    @property
    def has_folder(self) -> bool:
        """Whether a document may be a file (`file:NAME`)."""
        return self._settings.documents.folder is not None

    def line(self, node_id: str) -> Line | None:
        """The switch of this name, if it is up."""
        return next((line for line in self._up() if line.node.name == node_id), None)

    def start(self) -> None:
        """Connect to the switches."""
        for line in self._lines:
            line.node.start()

    def stop(self) -> None:
        """Calls that ring go on; whoever gets them after the answer finds what they begin with."""
        for line in self._lines:
            line.node.stop()

    def dial(self, order: Order) -> CallLog:
        """Make a call; returns once the switch has the order. What becomes of it, `order` hears.

        Raises `Invalid` that names the parameter (`to` or `from`), `NotPossible` without a switch
        in the settings, `Unavailable` while none can be reached, or the store.
        """
        variables, endpoint = self._checked(order)
        line = self._choose()
        session_id = str(uuid.uuid4())
        marks = {
            **project_variable(order.project.id),
            SESSION_VARIABLE: session_id,
            DIALLER_VARIABLE: self._token,
            "socket_resume": "true",
        }
        leg = Leg(order.call_id, endpoint, {**variables, **marks})
        ringing = self._ringing(line.node, order, session_id)
        self._order(line, leg, order, ringing)
        return ringing.row

    def _checked(self, order: Order) -> tuple[dict[str, str], str]:
        try:
            endpoint = self._outlet.endpoint(order.to)
        except UnsafeValue as error:
            raise Invalid(f"to: {error}", attribute="to") from error
        try:
            return order.leg.variables(), endpoint
        except UnsafeValue as error:
            raise Invalid(str(error)) from error

    def _choose(self) -> Line:
        """Those that are up take turns."""
        if not self._lines:
            raise NotPossible("No switch is configured to dial with: set `nodes`.")
        up = self._up()
        if not up:
            self._came.clear()
            self._came.wait(timeout=CONNECT_SECONDS)
            up = self._up()
        if not up:
            raise Unavailable("None of the switches of `nodes` can be reached.")
        return up[next(self._turn) % len(up)]

    def _up(self) -> list[Line]:
        return [line for line in self._lines if line.node.up]

    def _ringing(self, node: Node, order: Order, session_id: str) -> Ringing:
        identity = CallIdentity(
            call_id=order.call_id,
            node_id=node.name,
            event_channel=f"swml:{session_id}",
            project_id=order.project.id,
            space_id=order.project.space_id,
        )
        position = CallPosition(
            call_id=order.call_id,
            session_id=session_id,
            node_id=node.name,
            worker=self._token,
            state={POSITION: dict(order.begins), **watched(order.watch)},
            updated_at=time.time(),
        )
        return Ringing(
            node,
            order,
            _row(order, node.name),
            identity,
            position,
            store=self._store,
            held=self._held,
            outbox=self._outbox,
            forget=self._running.rings_no_more,
        )

    def _order(self, line: Line, leg: Leg, order: Order, ringing: Ringing) -> None:
        try:
            command = dial_strings.originate(
                leg, self.address(line), seconds=order.timeout + MARGIN
            )
            self._store.commit(*_kept(order), *ringing.first_writes())
        except UnsafeValue as error:
            raise Invalid(f"This cannot be dialled: {error}") from error
        except (SwitchError, StoreError) as error:
            raise Unavailable(str(error)) from error
        self._running.rings(ringing)
        try:
            line.node.api(command)
        except SwitchError as error:
            ringing.fail()
            raise Unavailable(f"The switch did not take the call: {error}") from error
        log.info("dialling", call_id=order.call_id, node=line.node.address)
        ringing.start()

    # -- the switches ------------------------------------------------------------------------------

    def _line(self, node: NodeSettings) -> Line:
        listen = self._settings.listen
        given = node.adapter or (None if listen.everywhere else listen)
        return Line(
            Node(
                node.host,
                node.port,
                node.password.get_secret_value(),
                events=(*STATES, JOB),
                filters=((f"variable_{DIALLER_VARIABLE}", self._token), ("Event-Name", JOB)),
                on_event=self._on_event,
                on_up=self._look,
                deadline=self._settings.deadlines.command,
            ),
            str(given) if given else "",
        )

    def address(self, line: Line) -> str:
        """Where this switch finds us; raises `ConnectionLost`."""
        return line.adapter or f"{line.node.our_host}:{self._settings.listen.port}"

    def _on_event(self, event: Event) -> None:
        job = event.name == JOB
        ringing = self._running.ringing(event.get("Job-UUID" if job else "Unique-ID"))
        if ringing is not None:
            ringing.on_event(event)

    def _look(self, node: Node) -> None:
        self._came.set()
        for ringing in self._running.all_ringing():
            if ringing.node is node:
                ringing.look()


def _row(order: Order, node_id: str) -> CallLog:
    to_uri = dial_strings.is_uri(order.to)
    return CallLog(
        id=order.call_id,
        project_id=order.project.id,
        node_id=node_id,
        kind="sip" if to_uri else "phone",
        direction="outbound",
        caller=order.from_,
        called=order.to if to_uri else dial_strings.undecorated(order.to),
        state="created",
        created_at=time.time(),
    )


def _kept(order: Order) -> list[Write]:
    """What the call's session begins with, whichever process it comes to."""
    document = order.document
    if document is None:
        return []
    return [PutDocument(document.content_hash, document.name, document.source)]
