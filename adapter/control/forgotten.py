"""Calls that ended while no adapter had them: their end is written down, and told.

Such a call stands in the log as it was last seen. When the adapter starts, when a switch of `nodes`
comes up, and now and then, the switch is asked for each call that the log believes alive and nobody
here has in hand:

    switch                          →  what is done
    has the call (`uuid_exists`)       nothing: another process has it, or it will come back
    has it not                         ended, and told where `dial` or `update` asked for it
    is down                            asked when it is back
    is none of `nodes`                 ended once no call can last so long
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import gevent
import structlog
from gevent.event import Event as Flag
from msgspec.structs import replace

from adapter.control.states import EVENT, WATCH, Watch, state_callback
from adapter.freeswitch import commands
from adapter.freeswitch.errors import SwitchError
from adapter.identity import CallIdentity
from adapter.journal import event_of
from adapter.store.errors import StoreError
from adapter.store.rows import CallLogFilter
from adapter.store.writes import PutCall, PutCallLog, Write

if TYPE_CHECKING:
    from adapter.callbacks.outbox import Outbox
    from adapter.control.running import RunningCalls
    from adapter.freeswitch.node import Node
    from adapter.store.rows import CallLog
    from adapter.store.store import Store

log = structlog.get_logger()

SWEEP_SECONDS = 30.0
"""How often they are all looked at."""

SUSPECT_SECONDS = 6.0
"""Its own process may be writing down the end of a call that is gone: it has so long for it."""

LONGEST_SECONDS = 4 * 3600 + 600.0
"""No call lasts longer (answer.max_duration), and a little more."""

AT_ONCE = 500
"""Calls of one look; the others are there the next time."""


class ForgottenCalls:
    """Finds them, in one process of an adapter."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        running: RunningCalls,
        space_of: Callable[[str], str],
    ) -> None:
        """`space_of` gives a project's space by its id."""
        self._store = store
        self._outbox = outbox
        self._running = running
        self._space_of = space_of
        self._nodes: Sequence[Node] = ()
        self._suspects: dict[str, float] = {}
        self._wake = Flag()
        self._greenlet: gevent.Greenlet | None = None

    def start(self, nodes: Sequence[Node]) -> None:
        """Begin to look, and ask these switches."""
        self._nodes = nodes
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.name = "forgotten calls"

    def stop(self) -> None:
        """End; what is open is found at the next start."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def look(self) -> None:
        """A switch is back: look soon."""
        self._wake.set()

    def sweep(self) -> None:
        """Look at every call that the log believes alive."""
        rows = self._store.call_logs(CallLogFilter(ended=False), limit=AT_ONCE)
        alive = {row.id for row in rows}
        self._suspects = {id_: at for id_, at in self._suspects.items() if id_ in alive}
        for row in rows:
            if self._running.find(row.id) is None and self._is_gone(row):
                self._finish(row)

    def _run(self) -> None:
        while True:
            try:
                self.sweep()
            except StoreError as error:
                log.warning("forgotten calls wait for the store", reason=str(error))
            except Exception:
                log.exception("looking for forgotten calls failed inside the adapter")
            self._wake.wait(timeout=SUSPECT_SECONDS / 2 if self._suspects else SWEEP_SECONDS)
            self._wake.clear()

    def _is_gone(self, row: CallLog) -> bool:
        node = next((node for node in self._nodes if node.name == row.node_id), None)
        if node is None:
            return time.time() - row.created_at > LONGEST_SECONDS
        try:
            if node.api(commands.exists(row.id)) != "false":
                self._suspects.pop(row.id, None)
                return False
        except SwitchError as error:
            log.info("a switch could not be asked", node=row.node_id, reason=str(error))
            return False
        now = time.monotonic()
        return now - self._suspects.setdefault(row.id, now) >= SUSPECT_SECONDS

    def _finish(self, row: CallLog) -> None:
        self._suspects.pop(row.id, None)
        latest = self._store.call_log(row.id)
        if latest is None or latest.ended_at is not None:
            return
        now = time.time()
        ended = replace(latest, state="ended", ended_at=now)
        details = {"call_state": "ended", "reason": "it ended while no adapter had it"}
        self._store.commit(
            PutCallLog(ended), event_of(row.id, EVENT, details, "warn"), *self._told(ended, now)
        )
        log.warning("a call ended while no adapter had it", call_id=row.id)

    def _told(self, row: CallLog, now: float) -> list[Write]:
        """Who asked to hear of its end; where the call stood is only history."""
        position = self._store.call(row.id)
        if position is None or position.ended_at is not None:
            return []
        over: list[Write] = [PutCall(replace(position, state={}, ended_at=now))]
        watch = Watch.of(position.state.get(WATCH))
        if watch is None or "ended" not in watch.states:
            return over
        identity = CallIdentity(
            call_id=row.id,
            node_id=row.node_id,
            event_channel=f"swml:{position.session_id}",
            project_id=row.project_id,
            space_id=self._space_of(row.project_id),
        )
        return [*over, state_callback(self._outbox, identity, watch, row, "ended")]
