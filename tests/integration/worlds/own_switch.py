"""A FreeSWITCH of a test's own, which may be killed, and which calls itself: no phones are needed.

Each call has two legs and two RTP streams inside the one process.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from adapter.rendering import render_freeswitch_conf
from worlds.event_socket import EventSocket, headers_of
from worlds.ports import find_ports
from worlds.real_switch import PASSWORD
from worlds.switch_process import SwitchProcess

SAYS = "silence_stream://-1,1400"
"""What a caller says: noise, as long as the call lasts."""


class OwnSwitch(SwitchProcess):
    """FreeSWITCH with the rendered configuration."""

    def __init__(
        self,
        folder: Path,
        binary: Path,
        *,
        media_ports: int = 40,
        name: str = "freeswitch-own",
    ) -> None:
        block = find_ports(media_ports + 3)
        self.adapter_port, self.sip_port, event_port = block[media_ports:]
        super().__init__(folder, binary, event_port)
        render_freeswitch_conf(
            folder / "conf",
            adapters=[f"127.0.0.1:{self.adapter_port}"],
            sip_port=self.sip_port,
            event_socket_port=event_port,
            event_socket_password=PASSWORD,
            rtp_start_port=block[0],
            rtp_end_port=block[media_ports - 1],
            log_level="warning",
            switch_name=name,
        )
        self.node = {"host": "127.0.0.1", "port": event_port, "password": PASSWORD}
        self.start()

    def call(self, number: str, variables: str = "") -> None:
        """Have it call a number of its own; the caller talks as long as the call lasts."""
        target = f"{variables}sofia/internal/{number}@127.0.0.1:{self.sip_port}"
        self.api(f"bgapi originate {target} &playback({SAYS})")

    def endings(self) -> Endings:
        """Which calls end from now on."""
        return Endings(self._event_port, PASSWORD)


class Endings:
    """Calls to a switch that have ended, by number."""

    def __init__(self, event_port: int, password: str) -> None:
        self._connection = EventSocket(event_port, password)
        self._connection.command("event plain CHANNEL_HANGUP_COMPLETE")
        self._connection.wait_without_limit()
        self._over: list[str] = []
        threading.Thread(target=self._collect, name="own endings", daemon=True).start()

    def take(self) -> list[str]:
        """Those that have ended since this was last asked."""
        over, self._over = self._over, []
        return over

    def close(self) -> None:
        self._connection.close()

    def _collect(self) -> None:
        with contextlib.suppress(OSError):  # the switch is gone
            while True:
                headers = headers_of(self._connection.read()[1])
                if headers.get("Call-Direction") == "inbound":
                    self._over.append(headers["Caller-Destination-Number"])
