"""Where FreeSWITCH's `socket` application connects to: one connection is one call.

A peer is let in by its address and while there is room; otherwise it is closed at once, because a
switch waits without limit for the `connect` of an adapter that accepts and says nothing. What says
nothing itself is no call and takes no call's place: a switch answers within milliseconds, so where
too many are silent, the longest silent one has to go.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

import structlog
from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer
from structlog.contextvars import bind_contextvars

from adapter.freeswitch.call import Call
from adapter.freeswitch.connection import DEFAULT_DEADLINE
from adapter.freeswitch.errors import SwitchError
from adapter.metrics import CALLS
from adapter.tally import Tally

log = structlog.get_logger()

BACKLOG = 1024
"""Connections that may wait to be accepted: a burst of calls arrives faster than one loop turns."""

MAX_SILENT = 1024
"""Connections that have not said yet which call they are: as large as a burst of calls may be."""

KNOWN_PEERS = 1024
"""Addresses of which it is known whether they may connect."""

EVERY_CALL = "calls"
"""What is counted for `max_calls`."""

Network = IPv4Network | IPv6Network


class CallServer:
    """Accepts calls and runs `handle` for each in a greenlet of its own."""

    def __init__(
        self,
        listener: socket.socket | tuple[str, int],
        handle: Callable[[Call], None],
        *,
        allow_from: Iterable[Network],
        max_calls: int,
        tally: Tally | None = None,
        connect_deadline: float = DEFAULT_DEADLINE,
        command_deadline: float = DEFAULT_DEADLINE,
    ) -> None:
        """`max_calls` holds for all processes that share `tally`; without one, for this one."""
        self._handle = handle
        self._tally = tally or Tally.alone()
        self._allow_from = tuple(allow_from)
        self._connect_deadline = connect_deadline
        self._command_deadline = command_deadline
        self._max_calls = max_calls
        self._pool = Pool()
        self._silent: dict[Call, None] = {}
        backlog = BACKLOG if isinstance(listener, tuple) else None
        # Calls come from few addresses: each is looked at once.
        self._allowed = lru_cache(maxsize=KNOWN_PEERS)(self._is_allowed)
        self._server = StreamServer(listener, self._run, backlog=backlog, spawn=self._admit)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens (the port is the real one where 0 was asked for)."""
        return (str(self._server.server_host), int(self._server.server_port))

    @property
    def calls(self) -> int:
        """How many calls are running."""
        return len(self._pool) - len(self._silent)

    def start(self) -> None:
        """Begin to accept calls; raises OSError where the address is taken."""
        self._server.start()

    def stop_accepting(self) -> None:
        """Take no new calls; the port is free for the next process, running calls go on."""
        self._server.close()

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for running calls; True when all have ended."""
        return bool(self._pool.join(timeout=timeout))

    def stop(self) -> None:
        """End every call's greenlet; the calls themselves belong to the switch's dialplan."""
        self.stop_accepting()
        self._pool.kill()

    def _admit(self, run: Callable[..., None], handle: object, close: object, args: Any) -> None:
        """gevent's hook in place of a bare spawn: the place to turn a connection away."""
        sock, peer = args
        if not self._allowed(peer[0]):
            log.warning("connection refused, the address is not in allow_from", peer=peer[0])
            sock.close()
        elif self._tally.count(EVERY_CALL) >= self._max_calls:
            self._note_refusal()
            sock.close()
        else:
            self._pool.spawn(run, handle, close, args)

    def _is_allowed(self, host: str) -> bool:
        address = ip_address(host.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._allow_from)

    def _run(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        call = Call(sock, deadline=self._command_deadline)
        try:
            self._open(call)
            bind_contextvars(call_id=call.uuid)
            self._handle_counted(call)
        except SwitchError as error:
            log.warning("connection closed", peer=peer[0], reason=str(error))
        except Exception:
            log.exception("a call failed inside the adapter", peer=peer[0])
        finally:
            with contextlib.suppress(SwitchError):
                call.close()
            call.deafen()

    def _handle_counted(self, call: Call) -> None:
        try:
            if self._tally.add(EVERY_CALL) > self._max_calls:  # many may have been silent together
                self._note_refusal()
            else:
                self._handle(call)
        finally:
            self._tally.remove(EVERY_CALL)

    def _note_refusal(self) -> None:
        log.error("call refused, limits.calls is reached", limit=self._max_calls)
        CALLS.labels("refused").inc()

    def _open(self, call: Call) -> None:
        if len(self._silent) >= MAX_SILENT:
            longest = next(iter(self._silent))
            del self._silent[longest]
            longest.close()
        self._silent[call] = None
        try:
            call.open(self._connect_deadline)
        finally:
            self._silent.pop(call, None)
