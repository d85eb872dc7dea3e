"""Phones of the simulated switch: what they heard is made again from what it says it played."""

from pathlib import Path
from typing import Any

import numpy as np

from adapter.simswitch.audio import RATE
from adapter.simswitch.client import SimClient
from adapter.simswitch.tones import sound as played_sound
from adapter.simswitch.tones import spoken
from worlds.audio import Audio
from worlds.phones import Dialling, Phone
from worlds.sounds import Sound

# What SIP says of a call that ended before its answer (Q.850 causes, RFC 3398).
SIP_STATUS = {
    "USER_BUSY": 486,
    "CALL_REJECTED": 603,
    "NORMAL_CLEARING": 480,
    "NORMAL_TEMPORARY_FAILURE": 503,
}


class SimPhone(Phone):
    """A simulated caller."""

    def __init__(self, client: SimClient, dialling: Dialling) -> None:
        self.number = dialling.to
        self._client = client
        name = dialling.name
        self._uuid = client.call(
            from_=dialling.caller,
            to=dialling.to,
            name=name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name,
            headers=dict(dialling.headers),
            variables=dict(dialling.variables),
            steps=_steps(dialling.says),
        )

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
        facts = self._facts()
        if facts["heard"] and not facts["ended"]:
            last = facts["heard"][-1]  # its length is told only when it is over
            last["ms"] = last["ms"] or 1000 * (facts["seconds"] - last["at"])
        pieces = [_samples(heard) for heard in facts["heard"]]
        samples = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
        return Audio(samples.reshape(1, -1))

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

    def _facts(self) -> dict[str, Any]:
        return self._client.facts(self._uuid)


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


def _samples(heard: dict[str, Any]) -> "np.ndarray[Any, np.dtype[np.int16]]":
    count = round(heard["ms"] * RATE / 1000)
    if heard["kind"] == "speech":
        made = spoken(heard["what"])
    else:
        found = played_sound(heard["what"], Path("/"))
        if found is None:
            return np.zeros(count, np.int16)
        made = found
    return np.array(made.source.samples(0, count), np.int16)
