"""Which engine and voice speak a `say:` text: SWML's wish, matched with what the switch has. Pure.

The platform's voices (`Polly.Salli`) exist nowhere else, so the settings say what stands for them:
the first rule that fits a wish decides, and a wish that none fits gets the default voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

RENDER = "render"
"""The engine's name that stands for the settings' own renderer."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a document asks for: `say_voice`, `say_language`, `say_gender`; empty is whatever."""

    voice: str = ""
    language: str = ""
    gender: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of one of the switch's engines, or of the renderer."""

    engine: str
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Speak with `voice` what fits: each pattern that is given must."""

    voice: Voice
    say_voice: str | None = None
    say_language: str | None = None
    say_gender: str | None = None

    def fits(self, wish: Wish) -> bool:
        """Patterns know `*`; a language fits its regions (`de`: `de-AT`)."""
        return (
            _fits(self.say_voice, wish.voice)
            and _fits_language(self.say_language, wish.language)
            and _fits(self.say_gender, wish.gender)
        )


FLITE = (
    *(Rule(Voice("flite", name), say_voice=name) for name in ("awb", "kal", "rms", "slt")),
    Rule(Voice("flite", "slt"), say_gender="female"),
    Rule(Voice("flite", "rms"), say_gender="male"),
)
"""What mod_flite has: its four voices by name, and the clearest of each gender. All American."""


def choose(wish: Wish, rules: Sequence[Rule], default: Voice) -> Voice:
    """The voice for a wish."""
    return next((rule.voice for rule in rules if rule.fits(wish)), default)


def _fits(pattern: str | None, value: str) -> bool:
    return pattern is None or fnmatchcase(value.lower(), pattern.lower())


def _fits_language(pattern: str | None, value: str) -> bool:
    language, _, _ = value.replace("_", "-").partition("-")
    return pattern is None or _fits(pattern, value) or _fits(pattern, language)
