"""The document that is to be sent, fetched by us: our rules for addresses hold."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import requests

from adapter.outgoing import AddressRefused, cause, proxies_for
from adapter.sounds.kept import write_whole

TIMEOUTS = (2.0, 10.0)
"""Seconds to connect, and for each wait for bytes."""

FETCH_SECONDS = 60.0
"""Seconds for the whole: the other end hears nothing meanwhile."""


class NoDocument(Exception):
    """There is no document to send; the message says why."""


def fetch(web: requests.Session, url: str, target: Path, most_bytes: int) -> None:
    """Fetch `url` into a file; raises NoDocument."""
    if not url.lower().startswith(("http://", "https://")):
        raise NoDocument("a document has an http(s) address")
    try:
        with web.get(url, stream=True, timeout=TIMEOUTS, proxies=proxies_for(url)) as answer:
            answer.raise_for_status()
            write_whole(target, lambda path: _fill(path, _chunks(answer, most_bytes)))
    except (requests.RequestException, AddressRefused, OSError, ValueError) as error:
        raise NoDocument(f"the document cannot be fetched: {cause(error)}") from error


def _fill(path: Path, chunks: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(chunks)


def _chunks(answer: requests.Response, most_bytes: int) -> Iterator[bytes]:
    size, began = 0, time.monotonic()
    for chunk in answer.iter_content(64 * 1024):
        size += len(chunk)
        if size > most_bytes:
            raise NoDocument(f"the document is longer than {most_bytes} bytes (fax.max_bytes)")
        if time.monotonic() - began > FETCH_SECONDS:
            raise NoDocument(f"the document did not come within {FETCH_SECONDS:.0f} s")
        yield chunk
