"""Who turns speech into text: one of two engines, or a package's own.

An engine is a function `recognise(path, language, hints, model)` that returns a text (empty: it
understood nothing) and a confidence from 0 to 1. A package adds one by an entry point of the group
`swml_freeswitch.recognisers`. It runs in a helper process: no call waits for another's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypedDict

from adapter.helpers.errors import HelperError
from adapter.helpers.pool import Helpers

GROUP = "swml_freeswitch.recognisers"

ENGINES = {
    "pocketsphinx": "adapter.speech.sphinx:recognise",
    "vosk": "adapter.speech.vosk_engine:recognise",
}

ANY_LANGUAGE = "*"
DEFAULT_LANGUAGE = "en-US"


class Heard(TypedDict):
    """What was said."""

    text: str
    confidence: float


class NoRecogniser(Exception):
    """Speech cannot be recognised here; the message says what to install or set."""


class Recogniser:
    """The settings' engine, and its models by language (`de`, `de-CH`, `*` for all others)."""

    def __init__(
        self, helpers: Helpers, engine: str, models: Mapping[str, Path], seconds: float
    ) -> None:
        self._helpers = helpers
        self._engine = engine
        self._models = {language.lower(): str(folder) for language, folder in models.items()}
        self._seconds = seconds

    def recognise(
        self,
        path: Path,
        *,
        language: str = "",
        hints: list[str] | None = None,
        seconds: float | None = None,
    ) -> Heard:
        """What is said in a WAV file, within `seconds` of work; raises `NoRecogniser`."""
        language = language or DEFAULT_LANGUAGE
        try:
            heard = self._helpers.run(
                function_of(self._engine),
                deadline=seconds or self._seconds,
                path=str(path),
                language=language,
                hints=list(hints or []),
                model=self._model(language),
            )
            return {"text": str(heard["text"]), "confidence": float(heard["confidence"])}
        except (HelperError, KeyError, TypeError, ValueError) as error:
            raise NoRecogniser(f"speech cannot be recognised: {error}") from error

    def _model(self, language: str) -> str | None:
        wanted = (language.lower(), language.lower().partition("-")[0], ANY_LANGUAGE)
        return next((self._models[name] for name in wanted if name in self._models), None)


def function_of(engine: str) -> str:
    """`module:function` of an engine by its name; raises `NoRecogniser`."""
    if ":" in engine:
        return engine
    if engine in ENGINES:
        return ENGINES[engine]
    found = entry_points(group=GROUP, name=engine)
    if not found:
        raise NoRecogniser(
            f"there is no recogniser {engine!r}: install the package that brings it, or set"
            " recogniser.engine to pocketsphinx, vosk or MODULE:FUNCTION"
        )
    return next(iter(found)).value
