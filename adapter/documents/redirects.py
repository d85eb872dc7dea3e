"""What the next request is after a redirect (RFC 9110, 15.4), without any I/O.

307 and 308 repeat the request; 303 becomes a GET, and so does a POST after 301 or 302, as every
browser does it.  Credentials go with the next request only when it goes to the same host and not
from TLS to plain text.
"""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

from adapter.callbacks.signing import strip_credentials

REPEATED = frozenset({307, 308})
SEE_OTHER = 303
REDIRECTS = REPEATED | {301, 302, SEE_OTHER}

DEFAULT_PORTS = {"http": 80, "https": 443}

Credentials = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Hop:
    """One request: a URL without credentials, those credentials, and the method.

    `trusted`: it goes to whom the first one went to, so secrets in its headers may go along.
    """

    url: str
    credentials: Credentials | None
    method: str = "POST"
    trusted: bool = True

    @classmethod
    def first(cls, url: str, method: str = "POST") -> "Hop":
        return cls(*_plain(url), method)

    @property
    def is_post(self) -> bool:
        """Whether there is a body to POST."""
        return self.method == "POST"

    def after(self, status: int, location: str) -> "Hop":
        """The request that a redirect asks for; ValueError when it leads to no web page."""
        target, given = _plain(urljoin(self.url, location))
        if urlsplit(target).scheme not in {"http", "https"}:
            raise ValueError("it redirects to something that is not http or https")
        may_tell = self._may_tell(target)
        kept = self.credentials if may_tell else None
        return Hop(target, given or kept, self._method_after(status), self.trusted and may_tell)

    def _method_after(self, status: int) -> str:
        changes = status not in REPEATED and (status == SEE_OTHER or self.is_post)
        return "GET" if changes else self.method

    def _may_tell(self, target: str) -> bool:
        here, there = urlsplit(self.url), urlsplit(target)
        downgraded = here.scheme == "https" and there.scheme == "http"
        return here.hostname == there.hostname and not downgraded


def _plain(url: str) -> tuple[str, Credentials | None]:
    """The URL as the receiver sees it, which is what gets signed, and the credentials in it."""
    bare, credentials = strip_credentials(url)
    parts = urlsplit(bare)
    is_default = parts.port is not None and parts.port == DEFAULT_PORTS.get(parts.scheme)
    host = parts.netloc.rpartition(":")[0] if is_default else parts.netloc
    return urlunsplit((parts.scheme, host, parts.path, parts.query, "")), credentials
