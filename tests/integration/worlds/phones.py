"""A phone in a call: what it says, presses, hears, and how the call ends for it.

The same on both switches. A real phone is a SIP user agent, a simulated one a plan that the
simulated switch carries out.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from worlds.audio import Audio
from worlds.sounds import Sound
from worlds.waiting import PATIENCE, eventually

LISTEN_AGAIN = 0.05
"""Seconds: everything that was heard is looked at each time."""


@dataclass(frozen=True, slots=True)
class Dialling:
    """A call to make. `says` are sounds one after the other, silence after the last.

    `name` is the caller's display name, as bytes where it is none. `variables` are set on the
    channel before the dialplan hands the call to the adapter. `slot` is the SIP address of an
    adapter. `refer`: what the phone does when it is referred: it follows, or it refuses the REFER
    (`refuse 403`), or it accepts and tells that nothing came of it (`notify 603`), or it tells of a
    success and stays in the call (`stay 200`), after it has asked for a user and a password
    (`ask USER PASSWORD`).
    `port`: of another real switch, whose phone it is.
    `changes_codec`: it is one that can, in mid-call (real ones only).
    """

    to: str
    says: Sequence[Sound] = ()
    name: str | bytes = ""
    caller: str = "1555"
    headers: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    slot: str = "main"
    refer: str = "follow"
    changes_codec: bool = False
    port: int = 0


@dataclass(frozen=True, slots=True)
class Answering:
    """Somebody to call: rings for a while, then answers and says something, or refuses.

    status: the SIP status of a refusal. Without `answers` it rings on; `silent`: not even that.
    `vanishes`: it answers, and nothing is seen or heard of it ever after.
    """

    says: Sequence[Sound] = ()
    rings: float = 0.1
    status: int | None = None
    answers: bool = True
    silent: bool = False
    vanishes: bool = False


class Phone(ABC):
    """One party of one call."""

    number: str
    """Who was called: unique in a test session."""

    @abstractmethod
    def say(self, *sounds: Sound) -> None:
        """Say this from now on, whatever was being said."""

    @abstractmethod
    def press(self, digits: str) -> None:
        """Press keys (RFC 2833)."""

    @abstractmethod
    def hang_up(self) -> None:
        """End the call; nothing happens when it has ended."""

    @abstractmethod
    def hear(self) -> Audio:
        """Everything heard so far, without the pauses in which nothing was sent to it."""

    @property
    @abstractmethod
    def answered(self) -> bool:
        """Whether the call was ever answered."""

    @property
    @abstractmethod
    def ended(self) -> bool:
        """Whether the call is over."""

    @property
    @abstractmethod
    def sip_status(self) -> int | None:
        """What a call that was never answered got as its final answer."""

    @property
    @abstractmethod
    def caller(self) -> str:
        """Who calls: the user of the From header, on a phone that was called."""

    @property
    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """SIP headers of the call, on a phone that was called."""

    def wait_answered(self, within: float = PATIENCE) -> None:
        eventually(lambda: self.answered, within=within, what="the answer")

    def wait_ended(self, within: float = 20.0) -> None:
        eventually(lambda: self.ended, within=within, what="the call's end")

    def wait_heard(self, *hz: float, seconds: float = 0.1, within: float = PATIENCE) -> None:
        """Wait until a tone was heard for so long."""
        eventually(
            lambda: self.hear().seconds_of(*hz) >= seconds,
            within=within,
            what=f"a tone of {hz} Hz",
            every=LISTEN_AGAIN,
        )


class OutgoingPhone(Phone):
    """A phone that only calls, has no keys and listens to nothing."""

    caller = ""
    headers: Mapping[str, str] = MappingProxyType({})

    def press(self, digits: str) -> None:
        raise NotImplementedError("this phone has no keys")

    def hear(self) -> Audio:
        return Audio(np.zeros((1, 0), np.int16))


class Called(ABC):
    """Somebody who can be called; each call to them is a phone of its own."""

    uri: str
    """The SIP address, for documents."""

    @abstractmethod
    def calls(self) -> Sequence[Phone]:
        """Every call so far, the oldest first."""

    def wait_call(self, number: int = 1, within: float = PATIENCE) -> Phone:
        """The call with this number, from 1."""
        eventually(
            lambda: len(self.calls()) >= number, within=within, what=f"call {number} to {self.uri}"
        )
        return self.calls()[number - 1]
