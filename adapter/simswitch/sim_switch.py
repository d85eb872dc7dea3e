"""The simulated switch, whole: `SimSwitch(settings)` is the public surface for tests in the same
process; `listener` and `client` carry the same over the inbound event socket.
"""

from typing import Any

import gevent

from adapter.simswitch.api import COMMANDS, PROGRAMS
from adapter.simswitch.applications import applications
from adapter.simswitch.channel import Channel
from adapter.simswitch.listener import Listener
from adapter.simswitch.peer import Peer
from adapter.simswitch.session import Application
from adapter.simswitch.settings import SwitchSettings
from adapter.simswitch.switch import Switch

STOP_SECONDS = 5.0


class SimSwitch(Switch):
    """A switch in this process. Call `start()` before use and `stop()` after."""

    def __init__(self, settings: SwitchSettings | None = None, **changes: Any) -> None:
        super().__init__(settings, **changes)
        self._applications = applications(self)
        self._listener = Listener(self)

    # --- life

    def start(self) -> "SimSwitch":
        """Opens the inbound event socket; returns itself."""
        self._listener.start()
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Where the inbound event socket listens."""
        return self._listener.address

    def stop(self) -> None:
        """Hangs up every call, closes every socket, ends every greenlet."""
        self._listener.stop()
        for session in list(self._sessions.values()):
            session.channel.hangup("SYSTEM_SHUTDOWN")
        for connection in self._everybody():
            connection.end()
        gevent.joinall(list(self._greenlets), timeout=STOP_SECONDS)
        gevent.killall(list(self._greenlets), timeout=STOP_SECONDS)

    def kill(self) -> None:
        """Ends at once, as a crashed switch does: no events, no goodbyes, files as they are."""
        self._listener.stop()
        for connection in self._everybody():
            connection.cut()
        gevent.killall(list(self._greenlets), block=False)

    def __enter__(self) -> "SimSwitch":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _everybody(self) -> list[Peer]:
        return list(self.peers() | self._listener.connections)

    # --- what it can be told

    def application(self, name: str) -> Application | None:
        return self._applications.get(name.lower())

    def api(self, name: str, argument: str) -> str:
        command = COMMANDS.get(name.lower())
        if command is None:
            return f"-ERR {name} Command not found!\n"
        return command(self, argument)

    def expanded_call(self, channel: Channel, name: str, argument: str) -> str:
        """An API call inside `${...}`: noted, and answered unless it would run a program."""
        self.violate(channel, f"${{{name}({argument})}}")
        if name.lower() in PROGRAMS:
            return ""
        return self.api(name, argument)
