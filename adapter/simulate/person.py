"""The one who calls: presses keys and says words when the script asks, and hangs up when told.

Whoever the document calls presses the keys that its `confirm` asks for.

Keys and words are given politely: once nothing is played any more, but no later than PATIENCE.
`prompt` asks for either; `record` for words, and for keys if they are what ends it. A new method
that asks is added to `_takes` and `_hears`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent

from adapter.simswitch import Caller, Step
from adapter.simulate.trace import Kind, Trace

CALLER, CALLED = "+15550100", "+15550199"

EVERYBODY = "*"
"""All numbers that nothing else is said of."""

QUIET = 0.5
"""Seconds without a sound after which it is the caller's turn; sounds of one list follow each other
within 0.04 s."""

PATIENCE = 60.0
"""Seconds after which the caller answers into what is still played (music, for one)."""

COMPANY = frozenset({"enter_queue", "join_conference", "join_room"})
"""Methods that last until the caller goes: after PATIENCE seconds alone."""

LOOK = 0.1

LONGEST_CALL = 6 * 3600.0
"""Seconds after which the caller gives up a call that nothing ends; `answer` ends it after four
hours unless it says otherwise."""

NOTICED = 0.1
"""Seconds for the news of a hangup to reach the adapter: the switch tells within 0.02 s."""

SECONDS_A_WORD, SECONDS_A_PHRASE = 0.4, 0.3


@dataclass(frozen=True, slots=True)
class Plan:
    """What the caller does. `digits` and `speech`: for one prompt each."""

    from_number: str = CALLER
    to_number: str = CALLED
    digits: tuple[str, ...] = ()
    speech: tuple[str, ...] = ()
    hangup_at: str | None = None
    called: Mapping[str, str] = field(default_factory=dict)
    """What the parties do that the document calls, by number; EVERYBODY: all others."""


@dataclass(slots=True)
class Person:
    """Carries a plan out."""

    plan: Plan
    trace: Trace
    hung_up: bool = False
    said: str = ""
    """The words that were said last."""
    _caller: Caller | None = None
    _parties: Mapping[str, Caller] = field(default_factory=dict)
    _asked: Caller | None = None
    """Who is asked now: on a leg that confirms, who was called."""
    _digits: list[str] = field(default_factory=list)
    _speech: list[str] = field(default_factory=list)
    _answering: gevent.Greenlet | None = None
    _is_secret: bool = False
    """Whether the digits that are asked for are a card's."""

    def calls(self, caller: Caller, parties: Mapping[str, Caller]) -> None:
        """The call begins; `parties`: everybody on the switch, by the id of the call."""
        self._caller, self._parties = caller, parties
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

    def is_asked(self, method: str, params: Mapping[str, Any], call_id: str) -> None:
        """A method begins that may wait for keys or words."""
        self._asked = self._parties.get(call_id, self._caller)
        if method in COMPANY:
            self._answering = gevent.spawn_later(PATIENCE, self.hang_up, "nobody else comes")
            self._answering.name = "caller alone"
            return
        self._is_secret = method == "pay"
        presses = bool(self._digits) and _takes(self._digits[0], method, params)
        says = bool(self._speech) and _hears(method, params, presses)
        if presses or says:
            self._answering = gevent.spawn(self._answer, says, presses, _is_brief(params))
            self._answering.name = "caller's answer"

    def is_done(self) -> None:
        """The method waits no more; what was not given yet is kept for the next one."""
        if self._answering is not None:
            self._answering.kill(block=False)
            self._answering = None

    def leftovers(self) -> list[str]:
        """What nobody asked for."""
        left = []
        if self._digits:
            left.append(f"never asked for: the digits {','.join(self._digits)}")
        if self._speech:
            left.append(f"never asked for: the words {' / '.join(self._speech)}")
        if self.plan.hangup_at and not self.hung_up:
            left.append(f"the step {self.plan.hangup_at} never began")
        return left

    def _answer(self, says: bool, presses: bool, at_once: bool) -> None:
        if not at_once:
            self._wait_for_turn()
        if says:
            self._say(self._speech.pop(0))
        if presses:
            self._press(self._digits.pop(0))

    def _press(self, digits: str) -> None:
        shown = "*" * len(digits) if self._is_secret else digits
        who = "presses" if self._asked is self._caller else "who is called presses"
        self.trace.add(Kind.CALLER, "{does} {digits}", does=who, digits=shown)
        self._phone.press(digits)

    def _say(self, words: str) -> None:
        self.trace.add(Kind.CALLER, "says {words}", does="says", words=words)
        self.said = words
        seconds = SECONDS_A_PHRASE + SECONDS_A_WORD * len(words.split())
        self._phone.do(Step(speech=True, ms=seconds * 1000))
        gevent.sleep(seconds)

    def _wait_for_turn(self) -> None:
        waited = quiet = 0.0
        while waited < PATIENCE and quiet < QUIET:
            gevent.sleep(LOOK)
            waited += LOOK
            quiet = 0.0 if any(heard.running for heard in self._phone.heard) else quiet + LOOK

    @property
    def _phone(self) -> Caller:
        if self._asked is None:
            raise RuntimeError("there is no call yet")
        return self._asked


def _takes(digits: str, method: str, params: Mapping[str, Any]) -> bool:
    """Whether these keys are for this method: a prompt's input, or what ends a recording."""
    if method == "prompt":
        return _names(params, _DIGITS) or not _names(params, _SPEECH)
    if method == "pay":
        return True
    return method == "record" and set(digits) <= set(str(params.get("terminators", "#")))


def _hears(method: str, params: Mapping[str, Any], presses: bool) -> bool:
    """Whether words are for this method; a prompt gets keys or words, not both."""
    if method == "prompt":
        return _names(params, _SPEECH) and not presses
    return method == "record"


def _is_brief(params: Mapping[str, Any]) -> bool:
    """Whether it waits for less than it takes to notice that nothing is played any more."""
    try:
        return float(params.get("initial_timeout", 5)) <= 2 * QUIET and "play" in params
    except (TypeError, ValueError):
        return False


_DIGITS = ("max_digits", "terminators", "digit_timeout")
_SPEECH = ("speech_timeout", "speech_end_timeout", "speech_language", "speech_hints")


def _names(params: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(name in params for name in names)
