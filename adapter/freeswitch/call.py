"""One call on the switch: what may be done with it, and what it tells us.

Every wait has a deadline and ends early with `CallGone` when the call is hung up or its
connection is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import gevent
import structlog
from gevent import socket
from gevent.event import Event as Flag

from adapter.freeswitch import commands
from adapter.freeswitch.applications import APPLICATION_DEADLINE, Applications
from adapter.freeswitch.connection import DEFAULT_DEADLINE, OutboundConnection
from adapter.freeswitch.errors import (
    CallGone,
    CommandFailed,
    ConnectionLost,
    ReplyTimeout,
    SwitchError,
)
from adapter.freeswitch.handlers import Handler, Handlers, guarded
from adapter.freeswitch.interruptions import Interruptible
from adapter.freeswitch.wire import Event, Frame, Headers
from adapter.greenlets import spawn
from adapter.identity import new_id

log = structlog.get_logger()

LINGER_SECONDS = 10
"""How long the switch keeps the socket after the hangup; RECORD_STOP follows it within 3 ms."""

OUR_PREFIX = "swml_"
"""What all our channel variables begin with. Most calls come without one, which is found out once
and not for each by looking through the whole channel."""

OWN_EVENTS = frozenset({"CHANNEL_ANSWER", "CHANNEL_HANGUP"})
"""What counts for our call if it is about it, and only then."""

Observer = Callable[[tuple[bytes, ...], str], None]

_versions: dict[str, tuple[int, ...]] = {}


class Call(Interruptible):
    """A call leg that the switch handed to us, by its Unique-ID."""

    def __init__(self, sock: socket.socket, *, deadline: float = DEFAULT_DEADLINE) -> None:
        super().__init__()
        self.deadline = deadline
        self.answered = False
        self.rate = 0
        """Samples a second of what the party sends, as far as it was told; 0: not yet."""
        self.hangup_cause = ""
        self.gone: CallGone | None = None
        self._uuid = ""
        self._ours = Headers(b"")
        self._ahead: list[bytes] = []
        self._hopeful: list[bytes] = []
        self._over = Flag()
        self._applications = Applications()
        self._handlers = Handlers()
        self._on_ended: list[Callable[[], None]] = []
        self._observer: Observer = lambda _batch, _reply: None
        self._connection = OutboundConnection(sock, on_event=self._on_event)
        self._connection.when_ended(self._on_end)

    def open(self, deadline: float = DEFAULT_DEADLINE) -> None:
        """Take the call over: its data, a socket that outlives the hangup, and our subscription.

        Raises `CommandFailed` where the dialplan gives less than `async full`.
        """
        connected, linger = self._connection.pipeline(
            [commands.connect(), commands.linger(LINGER_SECONDS)], deadline=deadline
        )
        if linger.reply.startswith("-ERR") or connected.get("Socket-Mode") == "static":
            raise CommandFailed("linger", "the dialplan must say `socket HOST:PORT async full`")
        self._connection.session_data = connected
        self._uuid = connected.get("Unique-ID")
        self._ours = connected.part(f"variable_{OUR_PREFIX}")
        self.answered = connected.get("Answer-State") == "answered"
        self.rate = _rate_in(connected)
        # The first command takes it along, where there is one at once: a round trip less.
        self._ahead += [commands.add_filter("Unique-ID", self.uuid), commands.subscribe()]
        gevent.get_hub().loop.run_callback(self._send_ahead_if_nobody_did)

    def _send_ahead_if_nobody_did(self) -> None:
        if self._ahead and not self.gone:
            spawn(self._send_ahead, name=f"subscription of {self.uuid}")

    def _send_ahead(self) -> None:
        try:
            if self._ahead:
                self.api()
        except CallGone:
            pass
        except SwitchError as error:
            log.warning("a call's events may not be heard", call_id=self.uuid, reason=str(error))

    # -- what the call is --------------------------------------------------------------------

    @property
    def channel(self) -> Frame:
        """The channel's data as it was when the call came to us (about 166 headers)."""
        data = self._connection.session_data
        if data is None:
            raise CallGone("it was not taken over")
        return data

    @property
    def uuid(self) -> str:
        """The channel's Unique-ID: SWML's `call_id`."""
        return self._uuid or self.channel.get("Unique-ID")

    def variable(self, name: str) -> str:
        """A channel variable as it was when the call came to us; empty when it is not set."""
        block = self._ours if name.startswith(OUR_PREFIX) else self.channel
        return block.get(f"variable_{name}")

    @property
    def our_address(self) -> str:
        """The address by which the switch reached us."""
        return str(self._connection.sock.getsockname()[0])

    @property
    def our_port(self) -> int:
        """The port by which the switch reached us."""
        return int(self._connection.sock.getsockname()[1])

    @property
    def our_place(self) -> str:
        """`HOST:PORT` by which the switch's own `socket` found us: another call finds us there."""
        return f"{commands.word(self.variable('socket_host'))}:{self.our_port}"

    @property
    def switch_version(self) -> tuple[int, ...]:
        """The switch's version, `(1, 10, 12)`; asked once in a switch's life."""
        core = self.channel.get("Core-UUID")
        if core not in _versions:
            answer = self.api(commands.api("version", "short"))
            _versions[core] = tuple(map(int, re.findall(r"\d+", answer)[:3]))
        return _versions[core]

    # -- what may be done --------------------------------------------------------------------

    def api(self, *batch: bytes) -> str:
        """Run API calls, sent in one write; each is answered in about a millisecond, whatever runs.

        Returns the last answer. Still works after the hangup, while the socket lingers. Raises
        `CommandFailed`.
        """
        hopeful, self._hopeful = self._hopeful, []
        batch, self._ahead = (*hopeful, *self._ahead, *batch), []
        log.debug("switch commands", call_id=self._uuid, commands=batch)
        try:
            reply = self._connection.checked(*batch, deadline=self.deadline, hopeful=len(hopeful))
        except SwitchError as error:
            self._observer(batch, str(error))
            raise
        self._observer(batch, reply)
        return reply

    def attempt(self, command: bytes) -> None:
        """Send it on the way with the next command; nothing depends on what the switch says."""
        self._hopeful.append(command)

    def execute(
        self,
        application: str,
        argument: str = "",
        *,
        deadline: float = APPLICATION_DEADLINE,
        until: Flag | None = None,
        event_uuid: str | None = None,
        stop: bytes | None = None,
    ) -> Event:
        """Run an application to its end; returns its CHANNEL_EXECUTE_COMPLETE.

        Once `until` is set, it is cut off, by the command `stop` where `uuid_break` does nothing.
        Costs at least the session thread's next 20 ms tick. While another one plays, this one plays
        inside it (switch_ivr.c, `switch_ivr_parse_all_events`), and cutting it off ends both.
        Raises `CallGone`, `CommandFailed` and, after `deadline` seconds, `ReplyTimeout`.
        """
        self.raise_if_gone()
        return self._applications.run(
            self,
            application,
            argument,
            event_uuid=event_uuid or new_id(),
            deadline=deadline,
            until=until,
            stop=stop,
        )

    @property
    def innermost(self) -> str:
        """The Event-UUID of the application that was begun last, of those that run."""
        return self._applications.innermost

    def set_variables(self, values: Mapping[str, str]) -> None:
        """Set channel variables, on the way with the next command and before it takes effect."""
        self._ahead.append(commands.set_variables(self.uuid, values))

    def answer(self, *batch: bytes) -> None:
        """Answer the call if nothing did so yet; `batch` are API calls to run with it."""
        self.raise_if_gone()
        if not self.answered:
            batch = (commands.answer(self.uuid), *batch)
        if batch:
            self.api(*batch)
        self.answered = True

    def hangup(self, cause: str = "NORMAL_CLEARING") -> None:
        """End the call; returns when the switch has said so, and does nothing on an ended call."""
        if self.gone:
            return
        try:
            self.api(commands.hangup(cause))
        except SwitchError:
            # The other side may have hung up in this very moment.
            if not self.gone or self.lost:
                raise
        if not self._over.wait(timeout=self.deadline):
            raise ReplyTimeout(f"the call was not hung up within {self.deadline} s")

    def sleep(self, seconds: float | None, *, until: Flag | None = None) -> None:
        """Let `seconds` (None: the rest of the call) pass, or `until` be set; raises `CallGone`."""
        self.wait(self._over, timeout=seconds, until=until)
        self.raise_if_gone()

    def raise_if_gone(self) -> None:
        """Raise `CallGone` once the call is hung up or its connection is lost."""
        if self.gone:
            raise self.gone.again()

    @property
    def over(self) -> Flag:
        """Set once the call is gone; to be waited for, not to be set."""
        return self._over

    @property
    def lost(self) -> bool:
        """Whether the connection ended while the call itself may still be up."""
        return isinstance(self.gone, ConnectionLost)

    def close(self) -> None:
        """Give the connection back; the dialplan goes on if the call is still up."""
        self._connection.stop()

    def deafen(self) -> None:
        """Hear nothing any more, after `close`: what listened is free at once.

        It knows the call, and the call it; the collector of such circles comes late or never to
        what has lived for minutes.
        """
        self._connection.deafen()
        self._handlers.clear()

    # -- what it tells us --------------------------------------------------------------------

    def on(self, event_name: str, handler: Handler) -> Callable[[], None]:
        """Call `handler` with each such event, in the reader's greenlet: it must not block.

        Returns what takes the handler off again.
        """
        return self._handlers.on(event_name, handler)

    def watch(self, uuids: Iterable[str], names: Iterable[str], handler: Handler) -> None:
        """Hear such events of other calls too: of these alone, and told to nobody else here."""
        uuids, wanted = list(uuids), frozenset(names)
        self.api(
            commands.subscribe(sorted(wanted)),
            *(commands.add_filter("Unique-ID", uuid) for uuid in uuids),
        )
        self._handlers.watch(uuids, wanted, handler)

    def unwatch(self, uuids: Iterable[str]) -> None:
        """Hear no more of them."""
        for uuid in uuids:
            self._handlers.unwatch(uuid)
            self.attempt(commands.remove_filter("Unique-ID", uuid))

    def observe(self, observer: Observer) -> None:
        """Tell `observer` what is sent, and the answer to the last of it. It must not block."""
        self._observer = observer

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Call `callback` when nothing more can come (at once if it is so): no connection."""
        if self._connection.gone:
            callback()
        else:
            self._on_ended.append(callback)

    def _on_event(self, event: Event) -> None:
        if self._handlers.tell_watcher(event):
            return
        if event.name in OWN_EVENTS and self._is_of_another(event):
            return
        match event.name:
            case "CHANNEL_EXECUTE_COMPLETE":
                self._applications.completed(event)
            case "CHANNEL_ANSWER" | "CODEC":
                self.answered = self.answered or event.name == "CHANNEL_ANSWER"
                self.rate = _rate_in(event)
            case "CHANNEL_HANGUP":
                self.hangup_cause = event.get("Hangup-Cause", "NORMAL_CLEARING")
                self._finish(CallGone(f"hung up ({self.hangup_cause})"))
        self._handlers.tell(event)

    def _is_of_another(self, event: Event) -> bool:
        """Whether it is of a call that was watched: its filter goes with our next command."""
        return bool(self._uuid) and event.get("Unique-ID") not in ("", self._uuid)

    def _on_end(self, reason: CallGone) -> None:
        self._finish(reason)
        callbacks, self._on_ended = self._on_ended, []
        for callback in callbacks:
            guarded("end of the connection", callback)

    def _finish(self, reason: CallGone) -> None:
        if self.gone:
            return
        self.gone = reason
        self._over.set()
        self._applications.break_off(reason)


def _rate_in(data: Frame | Event) -> int:
    """The codec's rate in a channel's data; the variable `read_rate` is not kept up to date."""
    rate = data.get("Channel-Read-Codec-Rate")
    return int(rate) if rate.isdecimal() else 0
