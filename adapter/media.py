"""Sounds and speech as the settings want them, for the whole process."""

from __future__ import annotations

import requests

from adapter.config import Settings, Speech
from adapter.helpers.pool import Helpers
from adapter.recording.archive import Archive
from adapter.sounds.kept import KeptSounds
from adapter.sounds.library import SoundLibrary, Speakers
from adapter.sounds.renderer import Renderer
from adapter.sounds.voices import FLITE, Rule, Voice


def sounds(
    settings: Settings, web: requests.Session, archive: Archive, helpers: Helpers
) -> SoundLibrary:
    """Who plays and speaks for all calls."""
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
