"""The two switches that a soak can run on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Protocol

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

from plan import Plan
from worlds.own_switch import Endings, OwnSwitch
from worlds.ports import find_ports
from worlds.real_switch import find_binary

from adapter.simswitch.client import SimProcess

MEDIA_PORTS = 600
"""Two for each leg of a hundred calls, and as many for those that end and begin meanwhile."""


class SoakSwitch(Protocol):
    """Makes calls to the adapter, and knows which have ended."""

    pid: int
    adapter_port: int
    node: dict[str, Any]

    def call(self) -> str:
        """Place a call; its name."""

    def ended(self) -> list[str]:
        """Calls that have ended since this was last asked."""

    def fill_disk(self, full: bool) -> None:
        """Recordings find no space from now on, or do again."""

    def stop(self) -> None:
        """End it."""


class Simulated:
    """The simulated switch at its flat pace: a recording's file is made when it is closed."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.adapter_port = find_ports(1)[0]
        config = folder / "simswitch.yaml"
        config.write_text(yaml.safe_dump({"pace": "flat", "flat_seconds": plan.call_seconds}))
        self._process = SimProcess(adapter=f"127.0.0.1:{self.adapter_port}", config=config).start()
        self._client = self._process.client()
        self._count = 0
        self.pid = self._process.pid
        ready = self._process.ready
        self.node = {name: ready[name] for name in ("host", "port", "password")}
        self._endings = Endings(ready["port"], ready["password"])

    def call(self) -> str:
        self._count += 1
        number = f"soak-{self._count}"
        self._client.call(to=number)
        return number

    def ended(self) -> list[str]:
        return self._endings.take()

    def fill_disk(self, full: bool) -> None:
        self._client.fill_disk(full)

    def stop(self) -> None:
        self._endings.close()
        self._client.close()
        self._process.stop()


class Real:
    """A FreeSWITCH that calls itself by SIP."""

    def __init__(self, folder: Path, _: Plan) -> None:
        binary = find_binary()
        assert binary, "there is no FreeSWITCH on this machine"
        self._switch = OwnSwitch(folder / "switch", binary, media_ports=MEDIA_PORTS)
        self._endings = self._switch.endings()
        self._count = 0
        self.adapter_port = self._switch.adapter_port
        self.pid = self._switch.pid
        self.node = self._switch.node

    def call(self) -> str:
        self._count += 1
        number = f"soak-{self._count}"
        self._switch.call(number)
        return number

    def ended(self) -> list[str]:
        return self._endings.take()

    def fill_disk(self, full: bool) -> None:
        raise NotImplementedError("the disk of a real switch is left alone here")

    def stop(self) -> None:
        self._endings.close()
        self._switch.stop()
