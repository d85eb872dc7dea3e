"""From a playable sound to what the switch runs: an application and its argument.

A sound from the web is fetched here, by us, into a folder that the switch sees: our rules for
addresses hold, a password stays out of the switch's log, and no URL is ever part of a command. A
recording of our own is not fetched at all: its file is there.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
import structlog

from adapter.freeswitch import commands
from adapter.outgoing import AddressRefused, proxies_for
from adapter.sounds import rings
from adapter.sounds.playable import NotPlayable, Playable, Ring, Say, Silence, Web

log = structlog.get_logger()

MAX_SOUND_BYTES = 100 * 1024 * 1024
"""Over an hour of 16 kHz WAV; what is longer is no announcement."""

FETCH_TIMEOUTS = (2.0, 10.0)
"""Seconds to connect, and for each wait for bytes."""

_SUFFIXES = {
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/wave": ".wav",
    "audio/vnd.wave": ".wav",
    "audio/aiff": ".aiff",
    "audio/x-aiff": ".aiff",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/mp4": ".mp4",
    "video/mp4": ".mp4",
}
_KNOWN_SUFFIX = re.compile(r"\.(wav|mp3|aiff|aif|gsm|ul|ulaw|al|alaw|ogg|flac|mp4|au)$", re.I)


@dataclass(frozen=True, slots=True)
class Playback:
    """One application to run on the call."""

    application: str
    argument: str


class SoundLibrary:
    """Makes playbacks; keeps what it fetched in `sounds` beside the recordings."""

    def __init__(
        self,
        folder: Path,
        switch_folder: str,
        *,
        session: requests.Session,
        own_recording: Callable[[str], str | None],
        engine: str,
        voice: str,
    ) -> None:
        """`own_recording` gives a recording URL of ours as the switch's path, or None."""
        self._folder = folder / "sounds"
        self._switch_folder = f"{switch_folder}/sounds"
        self._session = session
        self._own_recording = own_recording
        self._engine = engine
        self._voice = voice

    def playbacks(self, sound: Playable, *, voice: str | None = None) -> list[Playback]:
        """What to run for a sound; raises `NotPlayable` where it cannot be had."""
        match sound:
            case Say(text):
                return [self._speak(text, voice)]
            case Silence(seconds):
                milliseconds = round(seconds * 1000)
                stream = f"silence_stream://{milliseconds}"
                return [Playback("playback", stream)] if milliseconds else []
            case Ring(country, seconds):
                streams = rings.tone_streams(country, seconds)
                return [Playback("playback", stream) for stream in streams]
            case Web(url):
                return [Playback("playback", self._own_recording(url) or self._fetched(url))]

    def _speak(self, text: str, voice: str | None) -> Playback:
        spoken = commands.speakable(text)
        return Playback("speak", f"{self._engine}|{voice or self._voice}|{spoken}")

    def _fetched(self, url: str) -> str:
        try:
            with self._session.get(
                url, stream=True, timeout=FETCH_TIMEOUTS, proxies=proxies_for(url)
            ) as answer:
                answer.raise_for_status()
                name = _file_name(url, answer.headers.get("Content-Type", ""))
                self._store(answer, self._folder / name)
        except (requests.RequestException, AddressRefused, OSError) as error:
            raise NotPlayable(f"the sound cannot be fetched: {error}") from error
        return f"{self._switch_folder}/{name}"

    def _store(self, answer: requests.Response, path: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{os.getpid()}-{id(answer)}-{path.name}")
        size = 0
        try:
            with partial.open("wb") as file:
                for chunk in answer.iter_content(64 * 1024):
                    size += len(chunk)
                    if size > MAX_SOUND_BYTES:
                        raise NotPlayable(f"the sound is longer than {MAX_SOUND_BYTES} bytes")
                    file.write(chunk)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _file_name(url: str, content_type: str) -> str:
    """A name that says nothing but the sound's format: what a URL says is never part of a path."""
    digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32]
    suffix = _SUFFIXES.get(content_type.partition(";")[0].strip().lower())
    named = _KNOWN_SUFFIX.search(urlsplit(url).path)
    return digest + (suffix or (named[0].lower() if named else ".wav"))
