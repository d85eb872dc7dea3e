"""What of a call's sound goes to which WebSocket, and what callbacks say of it. Pure."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from adapter.callbacks.address import Method
from adapter.freeswitch import taps

PREFIX = "swml_fork_"
"""Of the call's variables that hold what runs."""


def _new_bug() -> str:
    return f"swml_{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True)
class Fork:
    """What is sent where, as JSON can hold it."""

    method: str
    control_id: str
    url: str
    direction: str
    status_url: str | None = None
    name: str | None = None
    step: int = 0
    """The step that asked for it, so that one done again after a crash starts no second one."""

    status_method: Method = "POST"
    rate: int = 8000
    module: str = ""
    """Which module of the switch sends it; empty: none has been chosen yet."""

    bug: str = field(default_factory=_new_bug)
    """Its name on the switch."""

    def by(self, module: str) -> Fork:
        """The same, sent by this module."""
        return replace(self, module=module)

    @property
    def variable(self) -> str:
        """The name of the call's variable that holds it."""
        return PREFIX + self.bug

    @property
    def token(self) -> str:
        """All of it, in characters that mean nothing to the switch."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode().rstrip("=")

    @classmethod
    def from_token(cls, token: str) -> Fork:
        """What `token` gave; raises ValueError for anything else."""
        try:
            made = cls(**json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
        except TypeError as error:
            raise ValueError("this is no fork") from error
        if made.module not in taps.FORKS:
            raise ValueError("this is no fork that was begun")
        return made


def event(fork: Fork, state: str) -> tuple[str, dict[str, Any]]:
    """The type and the parameters of the callback that tells of a state."""
    told: dict[str, Any] = {"control_id": fork.control_id, "state": state}
    if fork.method == "tap":
        told["tap"] = {"type": "audio", "params": {"direction": fork.direction}}
        told["device"] = {"type": "ws", "params": {"uri": fork.url}}
        return "calling.call.tap", told
    if state == "tapping":
        told["state"] = "streaming"
    told["url"] = fork.url
    if fork.name is not None:
        told["name"] = fork.name
    return "calling.call.stream", told
