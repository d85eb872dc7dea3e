"""What an installation has: modules of its switches (asked live), packages, settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from adapter.config import Node, Settings
from adapter.freeswitch import taps
from adapter.freeswitch.connection import InboundConnection
from adapter.freeswitch.errors import SwitchError
from adapter.methods.needs import Need, needs
from adapter.swml.document import Document
from adapter.swml.errors import Code, Fault, Severity
from adapter.swml.program import Act

ASK_SECONDS = 3.0
"""For a switch's answers: whoever checks a document is waiting."""


@dataclass
class Installation:
    """Answers what is missing; each module of each switch is asked for once."""

    settings: Settings
    problems: list[str] = field(default_factory=list)
    """Switches that could not be asked."""
    _known: dict[tuple[str, str], bool] = field(default_factory=dict)
    _connections: dict[str, InboundConnection] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Path) -> Installation:
        """That of the settings in this file. Raises SettingsError."""
        settings = Settings.load(config, {}, for_calls=False)
        found = cls(settings)
        for node in settings.nodes:
            found._connect(node)
        return found

    def lacks(self, document: Document) -> Iterator[Fault]:
        """A warning for each thing that a step needs and is not here."""
        for block in document.program.blocks.values():
            for step in block.steps:
                if not isinstance(step.operation, Act):
                    continue
                params = {**step.operation.open, **step.operation.fixed}
                for need in needs(step.method, params, self.settings):
                    for why in self._missing(need):
                        yield Fault(Code.EXECUTE_FAILED, why, step.path, severity=Severity.WARNING)

    def close(self) -> None:
        """End the connections."""
        for connection in self._connections.values():
            connection.stop()

    def _connect(self, node: Node) -> None:
        address = f"{node.host}:{node.port}"
        try:
            self._connections[address] = InboundConnection(
                node.host,
                node.port,
                node.password.get_secret_value(),
                on_event=lambda _: None,
                deadline=ASK_SECONDS,
            )
        except SwitchError as error:
            self.problems.append(f"the switch {address} could not be asked: {error}")

    def _missing(self, need: Need) -> Iterator[str]:
        if need.setting:
            yield f"the setting {need.setting} is empty, which {need.what} need"
        absent = [name for name in need.packages if find_spec(name) is None]
        if absent:
            yield f"the package {absent[0]} is not installed ({need.what})"
        for address in self._connections if need.modules else ():
            if not any(self._has(address, module) for module in need.modules):
                named = " or ".join(need.modules)
                yield f"the switch {address} has not loaded {named} ({need.what})"

    def _has(self, address: str, module: str) -> bool:
        key = (address, module)
        if key not in self._known:
            try:
                answer = self._connections[address].checked(
                    taps.has_module(module), deadline=ASK_SECONDS
                )
            except SwitchError as error:
                self.problems.append(f"the switch {address} did not answer: {error}")
                answer = "true"
            self._known[key] = answer.strip() == "true"
        return self._known[key]
