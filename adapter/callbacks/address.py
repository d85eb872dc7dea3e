"""A callback's address, taken apart once: where to connect, what to ask for, what to sign."""

import base64
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, urlsplit

from adapter.callbacks.signing import strip_credentials

DEFAULT_PORTS = {"http": 80, "https": 443}

# Many calls share few addresses, though some put a call's id into the query.
_CACHED_ADDRESSES = 512
# What may stand unquoted in a target (RFC 3986), with the quotes that are there already.
_TARGET_CHARACTERS = "/%:=&?~#+!$,;'@()*[]"


class AddressError(ValueError):
    """No callback can be sent to this address; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """`url` is what the receiver will see, and what is signed: no credentials, no fragment.

    `netloc` is the Host header: the port is left out where it is the scheme's own.
    """

    scheme: str
    host: str
    port: int
    target: str
    netloc: str
    url: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port: one receiver, for limits, order and open connections."""
        return f"{self.scheme}://{self.bracketed_host}:{self.port}"

    @property
    def bracketed_host(self) -> str:
        """The host as it stands in a URL: IPv6 addresses in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host


@lru_cache(maxsize=_CACHED_ADDRESSES)
def parse_address(url: str) -> Address:
    """Take `url` apart; raise AddressError if nothing can be sent there."""
    try:
        plain, credentials = strip_credentials(url)
        parts = urlsplit(plain)
        host = _ascii_host(parts.hostname or "")
        port = DEFAULT_PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError as error:
        # The error's own text may quote a password.
        raise AddressError("the callback's address is not a valid URL") from error
    if parts.scheme not in DEFAULT_PORTS or not host or not port:
        raise AddressError("a callback's address must be http:// or https:// with a host")
    netloc = f"[{host}]" if ":" in host else host
    if port != DEFAULT_PORTS[parts.scheme]:
        netloc += f":{port}"
    target = _target(parts.path, parts.query)
    return Address(
        scheme=parts.scheme,
        host=host,
        port=port,
        target=target,
        netloc=netloc,
        url=f"{parts.scheme}://{netloc}{target}",
        authorization=_basic(*credentials) if credentials else None,
    )


def _ascii_host(host: str) -> str:
    ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    if any(character.isspace() or not character.isprintable() for character in ascii_host):
        raise ValueError("white space in the host name")
    return ascii_host


def _target(path: str, query: str) -> str:
    target = (path or "/") + (f"?{query}" if query else "")
    return quote(target, safe=_TARGET_CHARACTERS, errors="replace")


def _basic(user: str, password: str) -> str:
    token = base64.b64encode(f"{user}:{password}".encode(errors="replace"))
    return f"Basic {token.decode('ascii')}"
