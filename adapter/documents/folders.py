"""Documents in folders, by name: what a name stands for, and that nothing leads out of the folder.

Names come from callers, documents and commands: plain words with dots, dashes and slashes between
them. The folder's `index.yaml` (names and what they stand for: files of this folder, or http and
https URLs) is asked first; else a name is that of a file, whose ending may be left out. Links are
followed as far as they stay in the folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from adapter.documents.errors import FetchError
from adapter.swml.reader import read
from adapter.swml.yaml_reader import ReadError

INDEX = "index.yaml"
ENDINGS = ("", ".yaml", ".yml", ".json")
"""Of files, in the order they are tried."""

_NAME = re.compile(r"\+?[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


def is_name(text: str) -> bool:
    """Whether a document may be named so: nothing hidden, nothing that leads upwards."""
    return _NAME.fullmatch(text) is not None


def named(folder: Path, name: str) -> Path | str:
    """The file, with its real path, or the URL that a name stands for; FetchError if none."""
    target = _index(folder).get(name, name)
    if target.startswith(("http://", "https://")):
        return target
    found = _file(folder, target) if is_name(target) else None
    if found is None:
        reason = "there is no such document in that folder"
        raise FetchError(f"{folder}/{name}", reason, f"create it, or name it in its {INDEX}")
    return found


def _file(folder: Path, name: str) -> Path | None:
    try:
        home = folder.resolve(strict=True)
        paths = [(home / f"{name}{ending}").resolve() for ending in ENDINGS]
        return next((path for path in paths if _is_document(path, home)), None)
    except (OSError, RuntimeError):  # no folder, a loop of links, a name too long
        return None


def _is_document(path: Path, home: Path) -> bool:
    return path.is_relative_to(home) and path.is_file() and path != home / INDEX


def _index(folder: Path) -> Mapping[str, str]:
    path = folder / INDEX
    try:
        facts = path.stat()
    except OSError:
        return {}
    return _read_index(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=64)
def _read_index(path: Path, _changed_ns: int, _size: int) -> Mapping[str, str]:
    """An index's names; read again only when the file has changed."""
    try:
        names = read(path.read_text("utf-8")).value
    except (OSError, ValueError, ReadError) as error:
        raise FetchError(str(path), f"cannot be read ({error})", "correct it") from error
    if not isinstance(names, Mapping) or not all(isinstance(to, str) for to in names.values()):
        remedy = "write `name: file.yaml` or `name: https://…` on each line"
        raise FetchError(str(path), "is not a list of names", remedy)
    return dict(names)
