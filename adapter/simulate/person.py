"""The one who calls: presses keys and says words when the script asks, and hangs up when told.

Keys and words are given politely: once nothing is played any more, but no later than PATIENCE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent

from adapter.simswitch import Caller, Step
from adapter.simulate.trace import Kind, Trace

DIGITS_ASKED_BY = frozenset({"prompt"})
SPEECH_ASKED_BY = frozenset({"prompt", "record"})
"""Methods that wait for the caller; whoever adds one adds it here."""

QUIET = 0.5
"""Seconds without a sound after which it is the caller's turn; sounds of one list follow each other
within 0.04 s."""

PATIENCE = 60.0
"""Seconds after which the caller answers into what is still played (music, for one)."""

LOOK = 0.1

LONGEST_CALL = 24 * 3600.0
"""Seconds after which the caller gives up a call that nothing ends; `answer` allows four hours."""

NOTICED = 0.1
"""Seconds for the news of a hangup to reach the adapter: the switch tells within 0.02 s."""

SECONDS_A_WORD, SECONDS_A_PHRASE = 0.4, 0.3


@dataclass(frozen=True, slots=True)
class Plan:
    """What the caller does. `digits` and `speech`: for one prompt each."""

    from_number: str = "+15550100"
    to_number: str = "+15550199"
    digits: tuple[str, ...] = ()
    speech: tuple[str, ...] = ()
    hangup_at: str | None = None


@dataclass(slots=True)
class Person:
    """Carries a plan out."""

    plan: Plan
    trace: Trace
    hung_up: bool = False
    _caller: Caller | None = None
    _digits: list[str] = field(default_factory=list)
    _speech: list[str] = field(default_factory=list)
    _answering: gevent.Greenlet | None = None

    def calls(self, caller: Caller) -> None:
        """The call begins."""
        self._caller = caller
        self._digits, self._speech = list(self.plan.digits), list(self.plan.speech)
        giving_up = gevent.spawn_later(LONGEST_CALL, self.hang_up, "nothing else ends the call")
        giving_up.name = "caller's patience"

    def hang_up(self, why: str) -> None:
        """End the call, and let the adapter hear of it."""
        if self._caller is None or self._caller.hangup_cause:
            return
        self.hung_up = True
        self.trace.add(Kind.CALLER, "hangs up: {why}", does="hangs up", why=why)
        self._caller.hang_up()
        gevent.sleep(NOTICED)

    def sees(self, path: str) -> None:
        """A step begins."""
        wanted = self.plan.hangup_at
        if wanted and wanted in (path, path.rpartition(".")[0]):
            self.hang_up(f"{wanted} begins")

    def is_asked(self, method: str, params: Mapping[str, Any]) -> None:
        """A method begins that may wait for keys or words."""
        if self._digits and _wants_digits(method, params):
            self._answering = gevent.spawn(self._press)
        elif self._speech and _wants_speech(method, params):
            self._answering = gevent.spawn(self._say)
        if self._answering is not None:
            self._answering.name = "caller's answer"

    def is_done(self) -> None:
        """The method waits no more; what was not given yet is kept for the next one."""
        if self._answering is not None:
            self._answering.kill(block=False)
            self._answering = None

    def leftovers(self) -> list[str]:
        """What nobody asked for."""
        left = [f"the digits {digits} were never asked for" for digits in self._digits]
        left += [f"the words {words!r} were never asked for" for words in self._speech]
        if self.plan.hangup_at and not self.hung_up:
            left.append(f"the step {self.plan.hangup_at} never began")
        return left

    def _press(self) -> None:
        caller = self._listens()
        digits = self._digits.pop(0)
        self.trace.add(Kind.CALLER, "presses {digits}", does="presses", digits=digits)
        caller.press(digits)

    def _say(self) -> None:
        caller = self._listens()
        words = self._speech.pop(0)
        self.trace.add(Kind.CALLER, "says {words}", does="says", words=words)
        seconds = SECONDS_A_PHRASE + SECONDS_A_WORD * len(words.split())
        caller.do(Step(speech=True, ms=seconds * 1000))

    def _listens(self) -> Caller:
        """Wait for the caller's turn."""
        caller, waited, quiet = self._caller, 0.0, 0.0
        assert caller is not None  # noqa: S101  (nobody asks before the call)
        while waited < PATIENCE and quiet < QUIET:
            gevent.sleep(LOOK)
            waited += LOOK
            quiet = 0.0 if any(heard.running for heard in caller.heard) else quiet + LOOK
        return caller


def _wants_digits(method: str, params: Mapping[str, Any]) -> bool:
    """A prompt takes digits unless it names parameters of speech only."""
    named = any(name in params for name in ("max_digits", "terminators", "digit_timeout"))
    return method in DIGITS_ASKED_BY and (named or not _names_speech(params))


def _wants_speech(method: str, params: Mapping[str, Any]) -> bool:
    return method in SPEECH_ASKED_BY and (method != "prompt" or _names_speech(params))


def _names_speech(params: Mapping[str, Any]) -> bool:
    return any(name.startswith("speech_") for name in params)
