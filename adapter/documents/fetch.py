"""Fetch a document: POST the call's facts to a URL, or GET it; or read a file of the settings.

- Everything has a limit: connecting, each wait for bytes, the whole fetch with all its redirects,
  and the size.
- Each POST is signed for the URL it goes to, with the body's very bytes; a GET without a body.
- `outgoing.session` refuses addresses that no document may come from, on every hop.
- An answer is one call's, since the body holds that call's facts, unless its server says `public`
  and for how long: see `freshness`.
- What was fetched is not judged here: a 2xx answer is a document, right or wrong.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import requests
import structlog

from adapter.callbacks.signing import signature_headers
from adapter.config import Project, Settings
from adapter.deadline import Clock
from adapter.documents import folders
from adapter.documents.errors import FetchError, explained, shown
from adapter.documents.freshness import FreshDocuments
from adapter.documents.redirects import REDIRECTS, Hop
from adapter.documents.sources import File, InFolder, Place, Shared, Url
from adapter.outgoing import proxies_for, send, session

CHUNK = 64 * 1024
POST_HEADERS = {"Content-Type": "application/json"}
HEADERS = {
    "Accept": "application/json, application/yaml;q=0.9, text/yaml;q=0.9, */*;q=0.5",
    "Accept-Encoding": "identity",  # a compressed answer could grow beyond any limit
    "User-Agent": "swml-freeswitch",
}

log = structlog.get_logger()


@lru_cache(maxsize=256)
def _content(path: Path, _changed_ns: int, _size: int, limit: int) -> bytes:
    """A file's bytes up to one past the limit; read again only when the file has changed."""
    with path.open("rb") as file:
        return file.read(limit + 1)


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The body of the POST: the call and the scopes of its script."""

    call: Mapping[str, Any]
    vars: Mapping[str, Any] = field(default_factory=dict)
    envs: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> bytes:
        scopes = {"call": self.call, "vars": self.vars, "envs": self.envs, "params": self.params}
        return json.dumps({name: dict(scope) for name, scope in scopes.items()}).encode()


class DocumentFetcher:
    """Fetches documents for all calls; its connections are kept open and shared."""

    def __init__(self, settings: Settings) -> None:
        self._limits = settings.documents
        self._fresh = FreshDocuments()
        self.session = session(settings.deny_to, pool_connections=32, pool_maxsize=32)

    def close(self) -> None:
        self.session.close()

    def fetch(self, place: Place, facts: CallFacts, *, project: Project | None = None) -> bytes:
        """The document's text, as bytes; FetchError when it cannot be had.

        POSTs are signed with the project's key, if it has one.  It blocks its greenlet for at most
        `documents.total_timeout` seconds.
        """
        match place:
            case Url():
                return self._ask(place, facts, project)
            case File(path):
                return self._read(path)
            case Shared():
                return self._of_folder(*self._shared(place), facts, project)
            case InFolder(folder, name):
                return self._of_folder(folder, name, facts, project)

    def _shared(self, place: Shared) -> tuple[Path, str]:
        folder = self._limits.folder
        if folder is None:
            reason = "files can only be named in the settings"
            raise FetchError(place.url, reason, "set documents.folder to open one for file:")
        return folder, place.name.removeprefix(f"{folder}/")

    def _of_folder(
        self, folder: Path, name: str, facts: CallFacts, project: Project | None
    ) -> bytes:
        found = folders.named(folder, name)
        return (
            self._read(found)
            if isinstance(found, Path)
            else self.fetch(Url(found), facts, project=project)
        )

    def _read(self, path: Path) -> bytes:
        try:
            facts = path.stat()
            content = _content(path, facts.st_mtime_ns, facts.st_size, self._limits.max_bytes)
        except FileNotFoundError as error:
            raise FetchError(str(path), "there is no such file", "create it") from error
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
            raise FetchError(str(path), reason, "check its rights") from error
        self._check_size(str(path), len(content))
        return content

    def _check_size(self, place: str, size: int) -> None:
        if size > self._limits.max_bytes:
            raise FetchError(
                place,
                f"is larger than {self._limits.max_bytes} bytes",
                "make it smaller or raise documents.max_bytes",
            )

    def _ask(self, place: Url, facts: CallFacts, project: Project | None) -> bytes:
        url, method = place.url, place.method
        body = facts.body() if method == "POST" else b""
        key = project.signing_key if project is not None else None
        secret = key.get_secret_value() if key is not None else None
        kept = f"{project.id if project else ''} {method} {url}"
        if (fresh := self._fresh.get(kept)) is not None:
            return fresh
        with explained(url, self._limits) as clock:
            hop = Hop.first(url, method)
            for _ in range(self._limits.max_redirects + 1):
                with self._send(hop, body, secret) as answer:
                    if answer.status_code not in REDIRECTS:
                        document = self._document(url, answer, clock)
                        self._fresh.put(kept, document, answer.headers)
                        return document
                    hop = hop.after(answer.status_code, answer.headers.get("Location", ""))
                    log.debug("document redirected", url=shown(hop.url))
        raise FetchError(shown(url), "redirects too often", "correct the redirects of that server")

    def _send(self, hop: Hop, body: bytes, secret: str | None) -> requests.Response:
        request = self.session.prepare_request(
            requests.Request(
                "POST" if hop.is_post else "GET",
                hop.url,
                data=body if hop.is_post else None,
                headers={**HEADERS, **(POST_HEADERS if hop.is_post else {})},
                auth=hop.credentials,
            )
        )
        if secret is not None and (hop.is_post or not body):
            # The prepared URL is the one that the receiver sees. No longer signed is a GET to which
            # a redirect has turned a POST: what was signed is not sent.
            request.headers.update(signature_headers(secret, request.url or "", body))
        return send(
            self.session,
            request,
            timeout=(self._limits.connect_timeout, self._limits.read_timeout),
            proxies=proxies_for(request.url or ""),
        )

    def _document(self, url: str, answer: requests.Response, clock: Clock) -> bytes:
        place = shown(url)
        if not answer.ok:
            raise FetchError(place, f"answered {answer.status_code}", "see the log of that server")
        content = bytearray()
        # read1 returns what is there; a full chunk might never come.
        while piece := answer.raw.read1(CHUNK, decode_content=True):
            clock.check()
            content += piece
            self._check_size(place, len(content))
        if not content:
            raise FetchError(place, "answered with nothing", "let it answer with a document")
        return bytes(content)
