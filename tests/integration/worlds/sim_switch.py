"""The simulated switch of this project, a process for each slot."""

from pathlib import Path
from typing import Any

import yaml

from adapter.simswitch.client import SimClient, SimProcess
from worlds.event_socket import Endings, EventSocket
from worlds.phones import Answering, Called, Dialling, Phone
from worlds.ports import find_ports
from worlds.sim_phones import SimCalled, SimPhone
from worlds.switches import CALLER, DEAD_GATEWAY, GATEWAY, MAIN, OTHER, OTHER_PATH, SLOTS, Switch

SETTINGS = {
    "hostname": "simswitch",
    "gateways": [GATEWAY, DEAD_GATEWAY],
    "dead_gateways": [DEAD_GATEWAY],
    "callees": [],
}
PATHS = {MAIN: "", OTHER: OTHER_PATH}


class SimSwitches(Switch):
    """One simulated switch for each slot: they take no time to start."""

    kind = "sim"

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None) -> None:
        self.adapter_ports = dict(zip(SLOTS, find_ports(len(SLOTS)), strict=True))
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "simswitch.yaml"
        config.write_text(yaml.safe_dump({**SETTINGS, **(settings or {})}))
        self._processes = {
            slot: SimProcess(
                adapter=f"127.0.0.1:{port}", path=PATHS[slot] or None, config=config
            ).start()
            for slot, port in self.adapter_ports.items()
        }
        self._clients: dict[str, SimClient] = {
            slot: process.client() for slot, process in self._processes.items()
        }
        ready = {slot: process.ready for slot, process in self._processes.items()}
        self.sockets = {slot: EventSocket(r["port"], r["password"]) for slot, r in ready.items()}
        self.endings = {slot: Endings(r["port"], r["password"]) for slot, r in ready.items()}

    def call(self, dialling: Dialling) -> Phone:
        return SimPhone.dial(self._clients[dialling.slot], dialling)

    def uri(self, number: str, slot: str = MAIN) -> str:
        return f"sip:{number}@127.0.0.1"

    def join(self, first: str, second: str, slot: str = MAIN) -> None:
        client = self._clients[slot]
        calls = [client.call(from_=CALLER, to=number) for number in (first, second)]
        client.sim("wire", *calls)

    def expect(self, user: str, answering: Answering) -> Called:
        return SimCalled(list(self._clients.values()), user, answering)

    def violations(self) -> list[list[str]]:
        return [found for client in self._clients.values() for found in client.violations()]

    def pid(self, slot: str) -> int:
        return self._processes[slot].pid

    def stop(self) -> None:
        for process in self._processes.values():
            process.kill()  # nothing of it is looked at any more
