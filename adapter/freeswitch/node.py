"""An event socket connection to a switch of ours, for what outlives a single call's connection.

It is kept up: when it ends, it is made again, with growing pauses. A switch that is down is
nothing unusual here, so callers ask `Node.up` or catch `ConnectionLost`.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent
import structlog
from gevent.event import Event as Flag

from adapter.freeswitch import commands
from adapter.freeswitch.connection import DEFAULT_DEADLINE, InboundConnection
from adapter.freeswitch.errors import ConnectionLost, SwitchError
from adapter.freeswitch.wire import Event

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0
"""Seconds between two attempts: a restarted switch is found soon, a dead one costs nothing."""


class Node:
    """One switch. `on_event` must not block; `on_up` runs in the node's own greenlet.

    With `filters` (a header and its value) only events pass of which one has that.
    """

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        *,
        events: tuple[str, ...],
        filters: tuple[tuple[str, str], ...] = (),
        on_event: Callable[[Event], None],
        on_up: Callable[[Node], None],
        deadline: float = DEFAULT_DEADLINE,
    ) -> None:
        self.address = f"{host}:{port}"
        self.name = ""
        """The switch's own name (SWML's `node_id`), known once it was up."""
        self._host, self._port, self._password = host, port, password
        self._events = events
        self._filters = filters
        self._on_event = on_event
        self._on_up = on_up
        self._deadline = deadline
        self._connection: InboundConnection | None = None
        self._greenlet: gevent.Greenlet | None = None

    @property
    def up(self) -> bool:
        """Whether it can be asked something now."""
        return self._connection is not None

    @property
    def our_host(self) -> str:
        """The address by which we have reached it; raises `ConnectionLost` while it is down."""
        return str(self._up().sock.getsockname()[0])

    def start(self) -> None:
        """Begin to connect, and stay connected."""
        self._greenlet = gevent.spawn(self._run)
        self._greenlet.name = f"node {self.address}"

    def stop(self) -> None:
        """End the connection."""
        if self._greenlet is not None:
            self._greenlet.kill()
        self._disconnect()

    def api(self, command: bytes) -> str:
        """Run an API call; raises `ConnectionLost` while the switch is down."""
        return self._up().checked(command, deadline=self._deadline)

    def _up(self) -> InboundConnection:
        if self._connection is None:
            raise ConnectionLost(f"no connection to the switch {self.address}")
        return self._connection

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                ended = self._connect()
                pause = FIRST_PAUSE
                self._on_up(self)
                ended.wait()
                log.warning("connection to a switch lost", node=self.address)
            except SwitchError as error:
                log.warning("a switch cannot be reached", node=self.address, reason=str(error))
            except Exception:
                log.exception("watching a switch failed inside the adapter", node=self.address)
            self._disconnect()
            gevent.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.stop()

    def _connect(self) -> Flag:
        connection = InboundConnection(
            self._host,
            self._port,
            self._password,
            on_event=self._on_event,
            deadline=self._deadline,
        )
        ended = Flag()
        connection.when_ended(lambda _: ended.set())
        try:
            for header, value in self._filters:
                connection.checked(commands.add_filter(header, value), deadline=self._deadline)
            connection.checked(commands.subscribe(self._events), deadline=self._deadline)
            name = connection.checked(commands.api("switchname"), deadline=self._deadline)
        except BaseException:
            connection.stop()
            raise
        self.name = name.strip()
        self._connection = connection
        log.info("connected to a switch", node=self.address, name=self.name)
        return ended
