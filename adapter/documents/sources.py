"""Which document a call gets.

Order: the channel variables `swml_url` and `swml_relay` (the dialplan's word on this very call: a
document, or the topic whose RELAY clients are offered the call), the first of
`routes` that matches the socket's path or the destination number, and `swml` for all others.

A place from the settings may be a file or a folder; a place from anywhere else is a URL, or
`file:NAME`, which names a document in the folder that the setting `documents.folder` opens for
that.  The path of the socket application may hold what a caller dialled, so what it names in a
folder is limited to plain names that cannot lead out of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from adapter.callbacks.address import Method
from adapter.config import TOPIC, Route, Settings, local_path
from adapter.documents.folders import is_name
from adapter.log import hide_credentials

URL_VARIABLE = "swml_url"
TOPIC_VARIABLE = "swml_relay"
PATH_VARIABLE = "socket_path"  # set by mod_event_socket from `socket host:port/path`
NUMBER_VARIABLE = "destination_number"


@dataclass(frozen=True, slots=True)
class Url:
    """A document on a web server; http or https. With GET nothing is told of the call."""

    url: str
    method: Method = "POST"

    def __str__(self) -> str:
        return hide_credentials(self.url)


@dataclass(frozen=True, slots=True)
class File:
    """A document that the settings name by its path."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Shared:
    """A document that others than the settings name by `file:NAME`, in `documents.folder`."""

    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """What follows `file:`; an absolute path with `file://` as well."""
        rest = self.url.removeprefix("file:")
        return unquote(rest[2:] if rest.startswith("//") else rest)


@dataclass(frozen=True, slots=True)
class InFolder:
    """The document `name` in a folder of the settings; its ending may be left out."""

    folder: Path
    name: str

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}"


@dataclass(frozen=True, slots=True)
class Topic:
    """No document, but the RELAY clients that want the calls of a topic."""

    name: str

    def __str__(self) -> str:
        return f"<relay {self.name}>"


Place = Url | File | Shared | InFolder


@dataclass(frozen=True, slots=True)
class Source:
    """Where to look for a call's document, and whose call it is (None: the default project's)."""

    document: Place | Topic
    fallback: Place | None = None
    project: str | None = None

    @property
    def places(self) -> tuple[Place | Topic, ...]:
        """The places in the order to try them."""
        return (self.document,) if self.fallback is None else (self.document, self.fallback)


class NoSourceError(LookupError):
    """Nothing says which document the call gets."""


def choose(variable: Callable[[str], str | None] | Mapping[str, str], settings: Settings) -> Source:
    """The source for a call; `variable(name)` or the mapping gives its channel variables.

    Raises NoSourceError when nothing names a document.
    """
    get = variable.get if isinstance(variable, Mapping) else variable
    if url := get(URL_VARIABLE):
        return Source(remote(url), place(settings.fallback))
    if topic := get(TOPIC_VARIABLE):
        return Source(_topic(topic), place(settings.fallback))
    path, number = (get(PATH_VARIABLE) or "").strip("/"), get(NUMBER_VARIABLE) or ""
    for route in settings.routes:
        if found := _routed(route, path, number):
            return Source(found, place(route.fallback or settings.fallback), route.project)
    if default := place(settings.swml):
        return Source(default, place(settings.fallback))
    raise NoSourceError(
        f"no document for the number {number!r} and the path {path!r}: set swml, add a route,"
        f" or set the channel variable {URL_VARIABLE} or {TOPIC_VARIABLE}"
    )


def remote(url: str, method: Method = "POST") -> Url | Shared:
    """A place that a document, a command or the switch names; NoSourceError when it is none."""
    if url.startswith("file:"):
        return Shared(url)
    if not url.startswith(("http://", "https://")):
        raise NoSourceError(
            f"{url[:100]!r} is not an http or https URL; files can only be named in the settings,"
            " or as file:NAME where documents.folder is set"
        )
    return Url(url, method)


def _topic(name: str) -> Topic:
    """A topic that the switch names, perhaps by what a caller dialled."""
    if not re.fullmatch(TOPIC, name):
        raise NoSourceError(f"{name[:100]!r} is no topic: {TOPIC_VARIABLE} may have {TOPIC}")
    return Topic(name)


def place(source: str | None) -> Place | None:
    """A place that the settings name."""
    if not source:
        return None
    if source.startswith(("http://", "https://")):
        return Url(source)
    path = local_path(source)
    return File(path) if path else None


def _routed(route: Route, path: str, number: str) -> Place | Topic | None:
    """Where the route leads; None when it does not match."""
    if route.to is not None:
        return _document(route) if re.search(route.to, number) else None
    rest = _matched(route.path or "", path)
    if rest is None:
        return None
    if route.folder is None:
        return _document(route)
    return InFolder(route.folder, rest) if is_name(rest) else None


def _document(route: Route) -> Place | Topic | None:
    return Topic(route.relay) if route.relay is not None else place(route.swml)


def _matched(pattern: str, path: str) -> str | None:
    """What the `*` at the pattern's end stands for (`""` without one); None without a match."""
    pattern = pattern.lstrip("/")
    if not pattern.endswith("*"):
        return "" if path and path == pattern.rstrip("/") else None
    prefix = pattern[:-1]
    return path.removeprefix(prefix) if path and path.startswith(prefix) else None
