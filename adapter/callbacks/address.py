"""Who receives a callback, as told by its address."""

from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from requests import PreparedRequest

from adapter.callbacks.signing import strip_credentials

Method = Literal["POST", "GET"]
"""How somebody is told or asked: with a body, or with all that is told in the URL's query."""

DEFAULT_PORTS = {"http": 80, "https": 443}
USABLE = "a callback's address must be http:// or https:// with a host"

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
        default = DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        # The error's own text may quote a password.
        raise AddressError(USABLE) from error
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or default}"
