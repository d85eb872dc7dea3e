"""Who has answered: a person, a machine or a fax, by what is heard and when. Pure.

A person says a word or two and waits. A machine talks on: longer than `machine_voice_threshold`
seconds without a pause, or more than `machine_words_threshold` words before one. A fax sounds its
tone. After a machine's greeting comes a beep, or silence: then a message can be left.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from adapter.speech.activity import FRAME_SECONDS, LEAST_VOICE, THRESHOLD, level
from adapter.speech.tones import FAX_TONES, frequency

PAUSE = 0.1
"""Seconds of silence between two words; shorter ones are inside of a word."""

FAX_SECONDS = {"CED": 0.5, "CNG": 0.3}
"""How long a tone must sound to be a fax's: T.30 has 2.6 to 4 s of CED and 0.5 s of CNG."""

BEEP_SECONDS = 0.12
BEEP_HERTZ = (350.0, 2000.0)
SAME_TONE_HERTZ = 25.0

_LITTLE = 1e-6


class Verdict(StrEnum):
    """What was found out, in the words of the callback."""

    HUMAN = "HUMAN"
    MACHINE = "MACHINE"
    FAX = "FAX"
    UNKNOWN = "UNKNOWN"
    READY = "READY"
    NOT_READY = "NOT_READY"


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters of `detect_machine`, in seconds and words. `tone` None: no fax is looked for;
    `person` False: nothing else is."""

    person: bool = True
    tone: str | None = "CED"
    initial_timeout: float = 4.5
    end_silence: float = 1.0
    voice_threshold: float = 1.25
    words_threshold: int = 6
    message_end: bool = False
    ready_silence: float = 1.0
    goes_on: bool = False
    """After READY, too: a machine that talks on is NOT_READY again."""


class Answerer:
    """Hears frames of 20 ms, one after the other, and says what they mean."""

    def __init__(self, rules: Rules) -> None:
        self.seconds = 0.0
        """How long it has been listening."""
        self.beep = False
        """A beep was heard after a greeting."""
        self.over = False
        """Nothing more is to be found out."""
        self.verdict: Verdict | None = None
        self._rules = rules
        self._voice = 0.0
        self._word = 0.0
        self._words = 0
        self._silence = 0.0
        self._tone: float | None = None
        self._tone_seconds = 0.0
        self._ready = False

    def hear(self, frame: array[int]) -> Iterator[Verdict]:
        """The next frame; what it decides."""
        self.seconds += FRAME_SECONDS
        self._follow_tone(frame)
        if self._is_fax():
            yield self._decide(Verdict.FAX, last=True)
        if self.over or not self._rules.person:
            return
        self._follow_voice(frame)
        if self.verdict is None:
            yield from self._judge()
        elif self._rules.message_end:
            yield from self._follow_greeting()

    def _follow_tone(self, frame: array[int]) -> None:
        hertz = frequency(frame)
        same = hertz and self._tone and abs(hertz - self._tone) <= SAME_TONE_HERTZ
        self._tone_seconds = self._tone_seconds + FRAME_SECONDS if same else 0.0
        self._tone = hertz

    def _is_fax(self) -> bool:
        wanted = self._rules.tone
        if self.over or wanted is None or self._tone is None:
            return False
        at, off = FAX_TONES[wanted]
        long_enough = self._tone_seconds >= FAX_SECONDS[wanted] - _LITTLE
        return long_enough and abs(self._tone - at) <= off

    def _follow_voice(self, frame: array[int]) -> None:
        if self._tone_seconds >= BEEP_SECONDS - _LITTLE:
            self._voice = self._word = 0.0  # it was a tone from its beginning on
        if level(frame) >= THRESHOLD and self._tone_seconds < BEEP_SECONDS - _LITTLE:
            self._voice += FRAME_SECONDS + (self._silence if self._silence < PAUSE else 0.0)
            self._word += FRAME_SECONDS
            self._silence = 0.0
            return
        self._silence += FRAME_SECONDS
        if self._silence >= PAUSE - _LITTLE:
            self._words += self._word >= LEAST_VOICE - _LITTLE
            self._voice = self._word = 0.0

    def _judge(self) -> Iterator[Verdict]:
        rules = self._rules
        words = self._words + (self._word >= LEAST_VOICE - _LITTLE)
        if self._voice >= rules.voice_threshold - _LITTLE or words >= max(1, rules.words_threshold):
            yield self._decide(Verdict.MACHINE, last=not rules.message_end)
        elif words and self._silence >= rules.end_silence - _LITTLE:
            yield self._decide(Verdict.HUMAN, last=True)
        elif not words and self.seconds >= rules.initial_timeout - _LITTLE:
            yield self._decide(Verdict.UNKNOWN, last=True)

    def _follow_greeting(self) -> Iterator[Verdict]:
        if self.verdict is not Verdict.MACHINE:
            return
        if self._is_beep():
            self.beep = True
            self.over = True
            yield Verdict.READY
        elif self._silence >= self._rules.ready_silence - _LITTLE and not self._ready:
            self._ready = True
            self.over = not self._rules.goes_on
            yield Verdict.READY
        elif self._ready and self._word >= LEAST_VOICE - _LITTLE:
            self._ready = False
            yield Verdict.NOT_READY

    def _is_beep(self) -> bool:
        low, high = BEEP_HERTZ
        long_enough = self._tone_seconds >= BEEP_SECONDS - _LITTLE
        return long_enough and self._tone is not None and low <= self._tone <= high

    def _decide(self, verdict: Verdict, *, last: bool) -> Verdict:
        self.verdict = verdict
        self.over = last
        return verdict
