"""Who receives a callback, as told by its address."""

from functools import lru_cache
from urllib.parse import urlsplit

from requests import PreparedRequest

from adapter.callbacks.signing import strip_credentials

DEFAULT_PORTS = {"http": 80, "https": 443}

# Many calls share few addresses, though some put a call's id into the query.
_CACHED_ADDRESSES = 512


class AddressError(ValueError):
    """No callback can be sent to this address; the message says why."""


@lru_cache(maxsize=_CACHED_ADDRESSES)
def origin_of(url: str) -> str:
    """Scheme, host and port: one receiver, for limits and order. Raises AddressError."""
    request = PreparedRequest()
    try:
        request.prepare_url(strip_credentials(url)[0], None)
        parts = urlsplit(request.url or "")
        port = DEFAULT_PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError as error:
        # The error's own text may quote a password.
        raise AddressError("the callback's address is not a valid URL") from error
    host = parts.hostname
    if parts.scheme not in DEFAULT_PORTS or not host or not port:
        raise AddressError("a callback's address must be http:// or https:// with a host")
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
