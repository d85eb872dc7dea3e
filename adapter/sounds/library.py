"""From a playable sound to what the switch runs: an application and its argument.

A sound from the web is fetched here, by us, into a folder that the switch sees: our rules for
addresses hold, a password stays out of the switch's log, and no URL is ever part of a command. A
recording of our own is not fetched at all: its file is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from adapter.freeswitch import commands
from adapter.helpers.errors import HelperError
from adapter.helpers.pool import Helpers
from adapter.sounds import rings
from adapter.sounds.joining import JOIN
from adapter.sounds.kept import KeptSounds
from adapter.sounds.playable import NotPlayable, Playable, Ring, Say, Silence, Web, parse
from adapter.sounds.renderer import Renderer
from adapter.sounds.scaling import SCALE
from adapter.sounds.voices import RENDER, Rule, Voice, Wish, choose

log = structlog.get_logger()

SCALE_DEADLINE = 20.0
"""Seconds to make a sound louder or softer; a caller hears nothing meanwhile."""

ANY = Wish()


@dataclass(frozen=True, slots=True)
class Playback:
    """One application to run on the call.

    `decibels` is how much the switch changes what is heard; `variables` are set on the channel
    before.
    """

    application: str
    argument: str
    decibels: float = 0.0
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who speaks: `default` where no rule fits a document's wish."""

    default: Voice
    rules: Sequence[Rule] = ()


class SoundLibrary:
    """Makes playbacks; what it fetched and rendered is in `sounds` beside the recordings."""

    def __init__(
        self,
        folder: Path,
        switch_folder: str,
        *,
        kept: KeptSounds,
        renderer: Renderer,
        helpers: Helpers,
        own_recording: Callable[[str], str | None],
        speakers: Speakers,
    ) -> None:
        """`own_recording` gives a recording URL of ours as the switch's path, or None.

        `folder` and `switch_folder` are those of the recordings, as we and as the switch see them.
        """
        self._folder = folder
        self._switch_folder = switch_folder
        self._kept = kept
        self._renderer = renderer
        self._helpers = helpers
        self._own_recording = own_recording
        self._speakers = speakers

    def playbacks(
        self, sound: Playable, *, wish: Wish = ANY, decibels: float = 0.0
    ) -> list[Playback]:
        """What to run for a sound; raises `NotPlayable` where it cannot be had."""
        match sound:
            case Say(text):
                return [self._speak(text, wish, decibels)]
            case Silence(seconds):
                milliseconds = round(seconds * 1000)
                stream = f"silence_stream://{milliseconds}"
                return [Playback("playback", stream)] if milliseconds else []
            case Ring(country, seconds):
                streams = rings.tone_streams(country, seconds, decibels)
                return [Playback("playback", stream) for stream in streams]
            case Web(url):
                path = self._own_recording(url)
                return [self._file(path or self._in_sounds(self._kept.get(url)), decibels)]

    def _speak(self, text: str, wish: Wish, decibels: float) -> Playback:
        voice = choose(wish, self._speakers.rules, self._speakers.default)
        if voice.engine == RENDER:
            name = self._renderer.render(text, voice.name, wish)
            return self._file(self._in_sounds(name), decibels)
        name = commands.speech_file(voice.engine, voice.name, text)
        return Playback("playback", name, decibels)

    def _in_sounds(self, name: str) -> str:
        return f"{self._switch_folder}/sounds/{name}"

    def _file(self, path: str, decibels: float) -> Playback:
        """A file as it is, or a copy that is louder or softer by exactly so much."""
        if not decibels or not path.endswith(".wav"):
            return Playback("playback", path, decibels)
        try:
            scaled = self._scaled(self._ours(path), decibels)
        except (OSError, HelperError) as error:
            log.warning("the volume of a sound is the switch's nearest level", reason=str(error))
            scaled = None
        if scaled is None:
            return Playback("playback", path, decibels)
        return Playback("playback", self._in_sounds(scaled))

    def ringback(self, sounds: Sequence[str]) -> tuple[str, list[str]]:
        """What the switch's variable `ringback` holds for these sounds, and what is left out.

        The switch repeats it until somebody answers, and gives the call up where it cannot: it
        can repeat a file and tones of its own (`%(on,off,hertz)`), but neither `tone_stream://`
        nor speech (switch_ivr_originate.c; seen on a running switch). Several sounds are made one
        file.
        """
        parts: list[dict[str, Any]] = []
        problems: list[str] = []
        for text in sounds:
            try:
                parts += self._parts(parse(text))
            except NotPlayable as error:
                problems.append(str(error))
        if all(part.get("tone") for part in parts):
            return ";".join(map(_tone, parts)), problems
        if len(parts) == 1 and "file" in parts[0]:
            return self._as_the_switch_sees(parts[0]["file"]), problems
        path, failed = self._joined(parts)
        return path, [*problems, *failed]

    def _parts(self, sound: Playable) -> list[dict[str, Any]]:
        if isinstance(sound, Silence):
            return [{"tone": [], "on": round(sound.seconds * 1000), "off": 0}]
        if isinstance(sound, Ring):
            bursts = rings.RINGS[sound.country]
            return [{"tone": list(hertz), "on": on, "off": off} for on, off, hertz in bursts]
        (playback,) = self.playbacks(sound)
        if playback.argument.startswith("tts://"):
            raise NotPlayable("say: cannot be repeated by the switch: give speech.engine `render`")
        return [{"file": str(self._ours(playback.argument))}]

    def _joined(self, parts: list[dict[str, Any]]) -> tuple[str, list[str]]:
        key = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
        name = f"joined-{key}.wav"
        target = self._folder / "sounds" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            problems = self._helpers.run(
                JOIN, deadline=SCALE_DEADLINE, parts=parts, target=str(target)
            )
        except HelperError as error:
            raise NotPlayable(str(error)) from error
        return self._in_sounds(name), problems

    def _ours(self, path: str) -> Path:
        return self._folder / path.removeprefix(f"{self._switch_folder}/")

    def _as_the_switch_sees(self, path: str) -> str:
        return f"{self._switch_folder}/{Path(path).relative_to(self._folder)}"

    def _scaled(self, source: Path, decibels: float) -> str | None:
        facts = source.stat()
        key = f"{source} {facts.st_mtime_ns} {facts.st_size} {decibels}"
        name = f"volume-{hashlib.sha256(key.encode()).hexdigest()[:32]}.wav"
        target = self._folder / "sounds" / name
        if target.is_file():
            return name
        target.parent.mkdir(parents=True, exist_ok=True)
        done = self._helpers.run(
            SCALE,
            deadline=SCALE_DEADLINE,
            source=str(source),
            target=str(target),
            decibels=decibels,
        )
        return name if done else None


def _tone(part: Mapping[str, Any]) -> str:
    return f"%({part['on']},{part['off']},{','.join(map(str, part['tone']))})"
