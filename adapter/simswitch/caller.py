"""A simulated caller: who calls, what it says and presses and when, and what it heard.

A caller's plan is plain data, so that it can come from a test in the same process or as JSON
over the inbound event socket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import gevent
from gevent.event import Event as Signal

from adapter.simswitch.audio import Silence, Source, Speech, Tone, samples_of
from adapter.simswitch.causes import cause_named
from adapter.simswitch.events import Event
from adapter.simswitch.heard import Heard
from adapter.simswitch.profile import CallFacts
from adapter.simswitch.session import Session

DEFAULT_LEVEL = 8000.0  # peak of what a caller says, of 32767


class PlanFault(ValueError):
    """A caller's plan cannot be read; the message says where and what there is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a caller does, `at` seconds after its call began or `after` an event `on`.

    tone: Hz (or a list of them); speech, silence: True; digits: as RFC 2833; hangup: True or
    a cause. `ms` is how long it says something (None: until it says something else).
    """

    at: float | None = None
    on: str | None = None
    after: float = 0.0
    tone: tuple[float, ...] = ()
    speech: bool = False
    silence: bool = False
    level: float = DEFAULT_LEVEL
    ms: float | None = None
    digits: str = ""
    hangup: str | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Step":
        known = set(cls.__dataclass_fields__)
        if unknown := set(data) - known:
            _refuse("step", unknown, known)
        values = dict(data)
        if "tone" in values:
            values["tone"] = _frequencies(values["tone"])
        if values.get("hangup") is True:
            values["hangup"] = "NORMAL_CLEARING"
        return cls(**values)

    def sound(self) -> Source | None:
        """What it says; None: this step says nothing."""
        length = None if self.ms is None else samples_of(self.ms)
        if self.tone:
            return Tone(self.tone, self.level, length)
        if self.speech:
            return Speech(length, self.level)
        return Silence(length) if self.silence else None


@dataclass(frozen=True, slots=True)
class CallPlan:
    """A call to place.

    says: what is heard of the caller until a step says otherwise. media: whether it sends
    packets at all; without them a recording gets no time. refer: what it does when it is
    referred to somebody else (`referring`).
    """

    facts: CallFacts = field(default_factory=CallFacts)
    says: Step | None = None
    steps: tuple[Step, ...] = ()
    media: bool = True
    refer: str = "follow"

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "CallPlan":
        """`from`, `to`, `name`, `context`, `headers`, `variables`, `says`, `steps`, `media`,
        `refer`."""
        known = set(_PLANNED)
        if unknown := set(data) - known:
            _refuse("call", unknown, known)
        facts = CallFacts(
            from_number=str(data.get("from", "1000")),
            to_number=str(data.get("to", "2000")),
            from_name=str(data.get("name", "")),
            context=str(data.get("context", "public")),
            headers=dict(data.get("headers", {})),
            variables=dict(data.get("variables", {})),
        )
        says = data.get("says")
        return cls(
            facts,
            Step.from_data(says) if says else None,
            tuple(Step.from_data(step) for step in data.get("steps", ())),
            bool(data.get("media", True)),
            str(data.get("refer", "follow")),
        )


_PLANNED = (
    *("from", "to", "name", "context", "headers", "variables"),
    *("says", "steps", "media", "refer"),
)


def _frequencies(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(float(hz) for hz in values)


def _refuse(what: str, unknown: set[str], known: set[str]) -> NoReturn:
    raise PlanFault(f"a {what} has no {sorted(unknown)[0]!r}; it may have {sorted(known)}")


class Caller:
    """The other end of one simulated call."""

    def __init__(self, plan: CallPlan, session: Session) -> None:
        self.plan = plan
        self.ended = Signal()
        self._session = session
        self._channel = session.channel
        self._waiting = [step for step in plan.steps if step.on]
        self._channel.sends_media = plan.media

    @property
    def uuid(self) -> str:
        return self._channel.uuid

    @property
    def session(self) -> Session:
        return self._session

    @property
    def hangup_cause(self) -> str | None:
        """How the call ended; None: it lives."""
        return self._channel.hangup_cause

    @property
    def answered(self) -> bool:
        return self._channel.answered

    @property
    def heard(self) -> list[Heard]:
        """What the switch played to the caller, in order."""
        return list(self._channel.heard)

    @property
    def digits_received(self) -> str:
        """Digits that the switch sent to the caller."""
        return "".join(self._channel.sent_digits)

    def watches(self, name: str) -> bool:
        """Whether a step waits for an event of this name."""
        return any(step.on == name for step in self._waiting)

    def start(self) -> None:
        """Begins the plan: the call's first sound, and a timer for every step with a time."""
        if self.plan.says is not None:
            self.do(self.plan.says)
        for step in self.plan.steps:
            if step.at is not None:
                self._later(step.at, step)

    def noticed(self, event: Event) -> None:
        """An event of the call: the first step that waits for it is done."""
        for step in self._waiting:
            if step.on == event.name:
                self._waiting.remove(step)
                self._later(step.after, step)
                return

    def _later(self, seconds: float, step: Step) -> None:
        greenlet = gevent.spawn_later(seconds, self.do, step)
        greenlet.name = f"caller {self.uuid}"

    def do(self, step: Step) -> None:
        """Does one step now."""
        if self._channel.down:
            return
        sound = step.sound()
        if sound is not None:
            self.say(sound)
        if step.digits:
            self.press(step.digits)
        if step.hangup:
            self.hang_up(step.hangup)

    def say(self, sound: Source) -> None:
        """Says something from now on; a sound without an end lasts until the next one."""
        now = self._channel.frame_now
        segment = self._channel.says.begin(now, sound)
        if sound.length is not None:
            segment.end = segment.start + -(-sound.length // 160)

    def press(self, digits: str) -> None:
        """Presses keys: RFC 2833 digits."""
        self._channel.queue_digits(digits, "RTP")

    def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        """Hangs up: a BYE, or a CANCEL before the answer."""
        disposition = "recv_bye" if self.answered else "recv_cancel"
        self._channel.set("sip_hangup_disposition", disposition)
        self._channel.hangup(cause_named(cause))

    def refuse(self, cause: str) -> None:
        """Does not take the call: an answer such as 486."""
        self._channel.set("sip_hangup_disposition", "recv_refuse")
        self._channel.hangup(cause_named(cause))

    def talk(self, seconds: float) -> None:
        """Hangs up after so many seconds."""
        self._later(seconds, Step(hangup="NORMAL_CLEARING"))

    def wait(self, seconds: float) -> bool:
        """Waits for the end of the call; False: it still lives."""
        return bool(self.ended.wait(seconds))

    def facts(self) -> dict[str, Any]:
        """Everything that can be asked about the call, as plain data."""
        channel = self._channel
        now = channel.seconds_since_start()
        return {
            "uuid": self.uuid,
            "caller": channel.facts.from_number,
            "headers": channel.sip_headers(),
            "ended": self.ended.is_set(),
            "answered": self.answered,
            "hangup_cause": self.hangup_cause,
            "seconds": round(now, 3),
            "heard": [heard.as_data(now) for heard in self.heard],
            "digits_received": self.digits_received,
            "recordings": self._session.recordings.paths(),
            "transfers": self._session.transfers,
        }
