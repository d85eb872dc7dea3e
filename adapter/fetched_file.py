"""What is fetched from the web into a file: bounded in size and time, and whole or not there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import requests

CHUNK_BYTES = 64 * 1024


def limited(
    answer: requests.Response,
    *,
    most_bytes: int,
    seconds: float,
    refused: Callable[[str], Exception],
    setting: str = "",
) -> Iterator[bytes]:
    """The body, as long as it is neither too long nor too slow; else raises what `refused` makes.

    `setting` names the one that `most_bytes` is of, for who may raise it.
    """
    size, began = 0, time.monotonic()
    for chunk in answer.iter_content(CHUNK_BYTES):
        size += len(chunk)
        if size > most_bytes:
            hint = f" ({setting})" if setting else ""
            raise refused(f"is longer than {most_bytes} bytes{hint}")
        if time.monotonic() - began > seconds:
            raise refused(f"did not come within {seconds:.0f} s")
        yield chunk


def write_chunks(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file that appears under its name only when all chunks have come."""

    def fill(partial: Path) -> None:
        with partial.open("wb") as file:
            file.writelines(chunks)

    write_whole(path, fill)


def write_whole(path: Path, fill: Callable[[Path], None]) -> None:
    """Have `fill` write a file that appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.getpid()}-{id(fill)}-{path.name}")
    try:
        fill(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
