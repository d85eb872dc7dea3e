"""Phones of the simulated switch."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from adapter.simswitch.client import SimClient
from worlds.audio import Audio
from worlds.phones import Answering, Called, Dialling, Phone
from worlds.sounds import Sound

# What SIP says of a call that ended before its answer (Q.850 causes, RFC 3398).
SIP_STATUS = {
    "USER_BUSY": 486,
    "CALL_REJECTED": 603,
    "NORMAL_CLEARING": 480,
    "NORMAL_TEMPORARY_FAILURE": 503,
    "UNALLOCATED_NUMBER": 404,
    "NO_USER_RESPONSE": 480,
}


class SimPhone(Phone):
    """The party of a simulated call."""

    def __init__(self, client: SimClient, number: str, uuid: str) -> None:
        self.number = number
        self._client, self._uuid = client, uuid

    @classmethod
    def dial(cls, client: SimClient, dialling: Dialling) -> "SimPhone":
        """A simulated caller."""
        name = dialling.name
        uuid = client.call(
            from_=dialling.caller,
            to=dialling.to,
            name=name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name,
            headers=dict(dialling.headers),
            variables=dict(dialling.variables),
            steps=_steps(dialling.says),
            refer=dialling.refer,
        )
        return cls(client, dialling.to, uuid)

    def say(self, *sounds: Sound) -> None:
        assert len(sounds) == 1, "a simulated phone says one thing at a time"
        self._client.do(self._uuid, **_step(sounds[0]))

    def press(self, digits: str) -> None:
        self._client.press(self._uuid, digits)

    def hang_up(self) -> None:
        if not self.ended:
            cause = "NORMAL_CLEARING" if self.answered else "ORIGINATOR_CANCEL"
            self._client.hang_up(self._uuid, cause)

    def hear(self) -> Audio:
        return Audio.from_pcm(base64.b64decode(self._client.sim("hear", self._uuid)))

    @property
    def answered(self) -> bool:
        return bool(self._facts()["answered"])

    @property
    def ended(self) -> bool:
        return bool(self._facts()["ended"])

    @property
    def sip_status(self) -> int | None:
        facts = self._facts()
        return None if facts["answered"] else SIP_STATUS.get(facts["hangup_cause"])

    @property
    def caller(self) -> str:
        return str(self._facts()["caller"])

    @property
    def headers(self) -> Mapping[str, str]:
        return dict(self._facts()["headers"])

    def _facts(self) -> dict[str, Any]:
        return self._client.facts(self._uuid)


class SimCalled(Called):
    """Somebody of whom each simulated switch knows."""

    def __init__(self, clients: Sequence[SimClient], user: str, answering: Answering) -> None:
        self.uri = f"sip:{user}@127.0.0.1"
        self._clients, self._user = clients, user
        causes = {status: cause for cause, status in SIP_STATUS.items()}
        first, *others = [*_steps(answering.says), {"silence": True}]
        callee = {
            "pattern": f"^{re.escape(user)}$",
            "rings": answering.rings,
            "cause": causes[answering.status] if answering.status else None,
            "answers": answering.answers and not answering.silent,
            "silent": answering.silent,
            "says": {name: value for name, value in first.items() if name != "at"},
            "steps": others,
        }
        for client in clients:
            client.sim("callee", callee)

    def calls(self) -> list[Phone]:
        return [
            SimPhone(client, self._user, uuid)
            for client in self._clients
            for uuid in client.sim("taken", self._user)
        ]


def _steps(says: tuple[Sound, ...] | Any) -> list[dict[str, Any]]:
    """Sounds one after the other, as steps of a plan."""
    steps, at = [], 0.0
    for sound in says:
        steps.append({"at": at, **_step(sound)})
        at += sound.seconds or 0
    return steps


def _step(sound: Sound) -> dict[str, Any]:
    step: dict[str, Any] = {"level": sound.peak}
    if sound.seconds is not None:
        step["ms"] = sound.seconds * 1000
    match sound.kind:
        case "tone":
            step["tone"] = list(sound.hz)
        case "speech":
            step["speech"] = True
        case _:
            step["silence"] = True
    return step
