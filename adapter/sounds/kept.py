"""Sounds from the web, kept as files that the switch can read.

A sound is fetched once and played many times: it is asked for again only when its server's
Cache-Control has run out, and then with its ETag or date, so that an unchanged one costs an empty
answer. Where the server cannot be reached, what was kept is played. Calls that want the same sound
at the same time share one fetch.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import requests
import structlog
from gevent.event import AsyncResult

from adapter.caching import directives, seconds_left
from adapter.fetched_file import limited, write_chunks
from adapter.outgoing import AddressRefused, cause, proxies_for
from adapter.sounds.playable import NotPlayable

log = structlog.get_logger()

MAX_SOUND_BYTES = 100 * 1024 * 1024
"""Over an hour of 16 kHz WAV; what is longer is no announcement."""

FETCH_TIMEOUTS = (2.0, 10.0)
"""Seconds to connect, and for each wait for bytes."""

FETCH_SECONDS = 30.0
"""Seconds for the whole: a caller hears nothing meanwhile."""

UNUSED_SECONDS = 3600.0
"""A sound that was wanted within this time is not deleted, however full the folder is."""

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
_VALIDATORS = {"etag": "If-None-Match", "modified": "If-Modified-Since"}


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a kept sound; stored as JSON beside it."""

    name: str
    etag: str = ""
    modified: str = ""
    until: float = 0.0
    stale: bool = True

    def again(self, headers: Mapping[str, str]) -> Kept:
        """The same after an answer with these headers."""
        said = directives(headers)
        forbidden = {"no-store", "no-cache"} & said.keys()
        fresh = 0.0 if forbidden else seconds_left(said.get("max-age", ""), headers)
        return replace(
            self,
            etag=headers.get("ETag", self.etag),
            modified=headers.get("Last-Modified", self.modified),
            until=time.time() + fresh,
            stale=not {"no-store", "must-revalidate"} & said.keys(),
        )


class KeptSounds:
    """The folder of fetched sounds."""

    def __init__(self, folder: Path, session: requests.Session, *, max_bytes: int) -> None:
        self._folder = folder
        self._session = session
        self._max_bytes = max_bytes
        self._fetching: dict[str, AsyncResult[str]] = {}
        self._tidied = 0.0

    def get(self, url: str) -> str:
        """The name in the folder of a sound's file; raises `NotPlayable`."""
        if url in self._fetching:
            shared: str = self._fetching[url].get()
            return shared
        result = self._fetching[url] = AsyncResult()
        try:
            name = self._get(url)
        except BaseException as error:
            result.set_exception(error if isinstance(error, NotPlayable) else NotPlayable("again"))
            raise
        else:
            result.set(name)
            return name
        finally:
            del self._fetching[url]

    def _get(self, url: str) -> str:
        key = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32]
        kept = self._known(key)
        if kept is None or kept.until <= time.time():
            kept = self._fetched(url, key, kept)
        with contextlib.suppress(OSError):
            os.utime(self._folder / kept.name)
        return kept.name

    def _known(self, key: str) -> Kept | None:
        try:
            kept = Kept(**json.loads((self._folder / f"{key}.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return kept if (self._folder / kept.name).is_file() else None

    def _fetched(self, url: str, key: str, kept: Kept | None) -> Kept:
        values = {name: getattr(kept, name) for name in _VALIDATORS if kept}
        headers = {_VALIDATORS[name]: value for name, value in values.items() if value}
        try:
            with self._session.get(
                url,
                stream=True,
                timeout=FETCH_TIMEOUTS,
                proxies=proxies_for(url),
                headers=headers,
            ) as answer:
                answer.raise_for_status()
                if answer.status_code != 304 or kept is None:
                    name = key + _suffix(url, answer.headers.get("Content-Type", ""))
                    self._write(name, answer)
                    kept = Kept(name)
                kept = kept.again(answer.headers)
        except (requests.RequestException, AddressRefused, OSError) as error:
            if kept is None or not kept.stale or _is_gone(error):
                raise NotPlayable(f"the sound cannot be fetched: {cause(error)}") from error
            log.warning("a sound is played as it was last", reason=cause(error))
            return kept
        write_chunks(self._folder / f"{key}.json", [json.dumps(asdict(kept)).encode()])
        self._tidy()
        return kept

    def _write(self, name: str, answer: requests.Response) -> None:
        chunks = limited(
            answer,
            most_bytes=MAX_SOUND_BYTES,
            seconds=FETCH_SECONDS,
            refused=lambda why: NotPlayable(f"the sound {why}"),
        )
        write_chunks(self._folder / name, chunks)

    def _tidy(self) -> None:
        """Once a minute, delete what was not wanted for longest where there is too much."""
        if time.monotonic() - self._tidied < 60:
            return
        self._tidied = time.monotonic()
        with contextlib.suppress(OSError):
            found = [(file.stat(), file) for file in self._folder.iterdir()]
            too_much = sum(stat.st_size for stat, _ in found) - self._max_bytes
            for stat, file in sorted(found, key=lambda one: one[0].st_mtime):
                if too_much <= 0 or time.time() - stat.st_mtime < UNUSED_SECONDS:
                    return
                file.unlink(missing_ok=True)
                too_much -= stat.st_size


def _is_gone(error: Exception) -> bool:
    """The server says that there is no such sound, or that it is not for us."""
    answer = error.response if isinstance(error, requests.HTTPError) else None
    return answer is not None and answer.status_code < 500


def _suffix(url: str, content_type: str) -> str:
    """The format is all that a URL or an answer has a say in; neither is part of a path."""
    suffix = _SUFFIXES.get(content_type.partition(";")[0].strip().lower())
    named = _KNOWN_SUFFIX.search(urlsplit(url).path)
    return suffix or (named[0].lower() if named else ".wav")
