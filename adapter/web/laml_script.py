"""LaML that a command holds, as SWML: what `sw calls dial --tts` and short test calls send.

`<Response>` with `<Say>`, `<Play>`, `<Pause>` and `<Hangup>`; SWML is taken as it is.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

LONGEST_PAUSE = 3600.0
"""Seconds."""


class NotLamlError(ValueError):
    """The text is not what is understood here; it says what is."""


def as_swml(text: str) -> str | dict[str, Any]:
    """The document; raises `NotLamlError`."""
    if not text.lstrip().startswith("<"):
        return text
    if "<!" in text:
        raise NotLamlError("has a declaration or a comment, which is not taken")
    try:
        response = fromstring(text)  # noqa: S314 - without declarations there are no entities
    except ParseError as error:
        raise NotLamlError(f"is no XML: {error}") from error
    if response.tag != "Response":
        raise NotLamlError("must be a <Response>")
    steps = [_step(verb) for verb in response]
    return {"sections": {"main": [*steps, {"hangup": {}}]}}


def _step(verb: Element) -> dict[str, Any]:
    text = (verb.text or "").strip()
    match verb.tag:
        case "Say":
            voice = {"say_voice": verb.get("voice"), "say_language": verb.get("language")}
            given = {name: value for name, value in voice.items() if value}
            return {"play": {"url": f"say:{text}", **given}}
        case "Play":
            return {"play": {"url": text}}
        case "Pause":
            return {"sleep": round(1000 * _seconds(verb.get("length") or "1"))}
        case "Hangup":
            return {"hangup": {}}
    raise NotLamlError(
        f"<{str(verb.tag)[:40]}> is not known: use SWML, or Say, Play, Pause, Hangup"
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise NotLamlError("<Pause> has a length that is no number") from None
    if not 0 <= seconds <= LONGEST_PAUSE:
        raise NotLamlError(f"<Pause> is at most {LONGEST_PAUSE:.0f} seconds")
    return seconds
