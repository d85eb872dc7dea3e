"""A switch that tests make calls to: what both kinds have in common."""

import json
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from worlds.event_socket import Endings, EventSocket, Headers
from worlds.phones import Answering, Called, Dialling, Phone
from worlds.waiting import PATIENCE, eventually

MAIN, OTHER = "main", "other"
SLOTS = (MAIN, OTHER)
"""Places for adapters: `main` is there for the whole session, `other` for a test's own settings."""

GATEWAY, DEAD_GATEWAY = "carrier", "dead"
"""A gateway behind which are the phones that can be called, and one where nobody is."""

FRONT_DESK = "+15550000"
"""Who is at the resource address /public/front-desk."""

CALLER = "1555"
"""Who calls where no phone does."""

OTHER_PATH = "sales"
"""The socket path with which the switch calls the adapter in `other`."""


class Switch(ABC):
    """One switch, with an address for phones to call and an adapter's port for each slot."""

    kind: str
    adapter_ports: dict[str, int]
    sockets: dict[str, EventSocket]
    endings: dict[str, Endings]

    @property
    def real(self) -> bool:
        return self.kind == "real"

    @abstractmethod
    def call(self, dialling: Dialling) -> Phone:
        """Have a phone call."""

    @abstractmethod
    def uri(self, number: str, slot: str = MAIN) -> str:
        """The address by which a phone calls a number of the switch."""

    @abstractmethod
    def expect(self, user: str, answering: Answering) -> Called:
        """From now on this user (a name, or a number behind the gateway) can be called."""

    @abstractmethod
    def join(self, first: str, second: str, slot: str = MAIN) -> None:
        """Call two numbers that have nobody but each other at the other end."""

    @abstractmethod
    def violations(self) -> list[list[str]]:
        """What the switch was made to run as code, as far as it can tell."""

    @abstractmethod
    def stop(self) -> None:
        """End the switch and its phones."""

    @abstractmethod
    def pid(self, slot: str) -> int:
        """The process that has the calls of a slot; skips the test where it is not ours."""

    @contextmanager
    def frozen(self, slot: str) -> Iterator[None]:
        """For a while it hears and says nothing, and no time passes in it."""
        pid = self.pid(slot)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def api(self, command: str, slot: str = MAIN) -> str:
        """Ask the switch."""
        return self.sockets[slot].api(command)

    def channels(self) -> int:
        """How many call legs there are."""
        counts = (socket.api("show channels as json") for socket in set(self.sockets.values()))
        return sum(int(json.loads(count)["row_count"]) for count in counts)

    def hang_up_all(self) -> None:
        for socket in set(self.sockets.values()):
            socket.api("hupall")

    def wait_ending(self, number: str, within: float = PATIENCE) -> Headers:
        """The channel's last data, once the call to this number is over."""
        every = set(self.endings.values())
        return eventually(
            lambda: next((found for each in every if (found := each.of(number))), None),
            within=within,
            what=f"the end of the call to {number}",
        )
