"""The document that is to be sent, fetched by us: our rules for addresses hold."""

from __future__ import annotations

from pathlib import Path

import requests

from adapter.fetched_file import limited, write_chunks
from adapter.outgoing import AddressRefused, cause, proxies_for

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
            chunks = limited(
                answer,
                most_bytes=most_bytes,
                seconds=FETCH_SECONDS,
                refused=lambda why: NoDocument(f"the document {why}"),
                setting="fax.max_bytes",
            )
            write_chunks(target, chunks)
    except (requests.RequestException, AddressRefused, OSError, ValueError) as error:
        raise NoDocument(f"the document cannot be fetched: {cause(error)}") from error
