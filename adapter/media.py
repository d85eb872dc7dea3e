"""Sounds and speech as the settings want them, for the whole process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import requests

from adapter.config import Settings, Speech
from adapter.faxing.faxes import Faxes
from adapter.freeswitch.call import Call
from adapter.freeswitch.capture import Capture
from adapter.helpers.pool import Helpers
from adapter.recording.archive import Archive
from adapter.sounds.kept import KeptSounds
from adapter.sounds.library import SoundLibrary, Speakers
from adapter.sounds.renderer import Renderer
from adapter.sounds.voices import FLITE, Rule, Voice
from adapter.speech.listener import Listener
from adapter.speech.recognition import Heard, Recogniser
from adapter.tapping.sink import Sink


class Understands(Protocol):
    """Whoever turns speech into words (`Recogniser`)."""

    def recognise(
        self,
        path: Path,
        *,
        language: str = "",
        hints: list[str] | None = None,
        seconds: float | None = None,
    ) -> Heard: ...


@dataclass(frozen=True, slots=True)
class Media:
    """What sounds, speech and files are made with, for all calls of a process."""

    settings: Settings
    helpers: Helpers
    sounds: SoundLibrary
    recogniser: Understands
    faxes: Faxes
    sink: Sink

    @classmethod
    def of(cls, settings: Settings, web: requests.Session, archive: Archive) -> Media:
        """As the settings want it."""
        helpers, wanted = Helpers(settings.helpers), settings.recogniser
        models = {model.language: model.folder for model in wanted.models}
        return cls(
            settings,
            helpers,
            _sounds(settings, web, archive, helpers),
            Recogniser(helpers, wanted.engine, models, wanted.seconds),
            Faxes(archive, helpers, web, settings.fax),
            Sink(settings.listen.host),
        )

    @property
    def folder(self) -> Path:
        """Where files are that only we and the switch work with."""
        return self.settings.recordings_dir / "sounds"

    @property
    def switch_folder(self) -> str:
        """The same folder, as the switch sees it."""
        return f"{self.settings.recordings_switch_dir}/sounds"

    def capture(self, call: Call) -> Capture:
        """A recording of a call for our own ears."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return Capture(call, self.folder, self.switch_folder)

    def listener(self, call: Call, *, silence: float, seconds: float) -> Listener:
        """Listens to the party of a call."""
        return Listener(self.capture(call), silence=silence, seconds=seconds)


def _sounds(
    settings: Settings, web: requests.Session, archive: Archive, helpers: Helpers
) -> SoundLibrary:
    folder, speech = settings.recordings_dir / "sounds", settings.speech
    render = speech.render
    return SoundLibrary(
        settings.recordings_dir,
        settings.recordings_switch_dir,
        kept=KeptSounds(folder, web, max_bytes=settings.sounds_max_bytes),
        renderer=Renderer(
            folder,
            helpers,
            command=render.command,
            function=render.function,
            seconds=render.seconds,
        ),
        helpers=helpers,
        own_recording=archive.own_recording,
        speakers=_speakers(speech),
    )


def _speakers(speech: Speech) -> Speakers:
    """Without rules of its own, mod_flite's voices are known."""
    default = Voice(speech.engine, speech.voice)
    if speech.voices is None:
        return Speakers(default, FLITE if speech.engine == "flite" else ())
    rules = [
        Rule(
            Voice(rule.engine or speech.engine, rule.voice),
            rule.say_voice,
            rule.say_language,
            rule.say_gender,
        )
        for rule in speech.voices
    ]
    return Speakers(default, rules)
