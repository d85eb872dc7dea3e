"""What can go wrong when a document is fetched, and how it is explained."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from adapter.config import Documents
from adapter.deadline import Clock, Overdue, within
from adapter.outgoing import AddressRefused, cause


class FetchError(Exception):
    """The document cannot be had.  The text names the place, the reason and what to do.

    It never holds credentials or the query of a URL: both may be secrets, and it is logged.
    """

    def __init__(self, place: str, reason: str, remedy: str) -> None:
        self.place = place
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{place}: {reason}; {remedy}")


def shown(url: str) -> str:
    """The URL without credentials, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "a URL that cannot be read"
    return f"{parts.scheme}://{host}{port}{parts.path}"


Kinds = type[Exception] | tuple[type[Exception], ...]

# The first type that fits; `requests` derives its errors from OSError and some from ValueError too.
EXPLANATIONS: tuple[tuple[Kinds, str, str], ...] = (
    (
        Overdue,
        "took longer than {limits.total_timeout:g} s in all",
        "make it faster or raise documents.total_timeout",
    ),
    (
        AddressRefused,
        "leads to an address that deny_to forbids ({error.address})",
        "use another address, or take its network out of deny_to",
    ),
    (
        requests.ConnectTimeout,
        "did not accept the connection within {limits.connect_timeout:g} s",
        "check address and firewall, or raise documents.connect_timeout",
    ),
    (
        (requests.ReadTimeout, ReadTimeoutError),
        "sent nothing for {limits.read_timeout:g} s",
        "make it faster or raise documents.read_timeout",
    ),
    (
        requests.exceptions.SSLError,
        "has a certificate that cannot be verified",
        "correct it, or name its CA in REQUESTS_CA_BUNDLE",
    ),
    (requests.ConnectionError, "cannot be reached ({cause})", "check that the server runs"),
    (ValueError, "is not a usable URL or redirects to none", "correct it"),
    (Exception, "broke off ({cause})", "see the log of that server"),
)


@contextmanager
def explained(url: str, limits: Documents) -> Iterator[Clock]:
    """Run a fetch of `url` within its time; whatever goes wrong becomes a FetchError."""
    try:
        with within(limits.total_timeout) as clock:
            yield clock
    except (AddressRefused, Overdue, OSError, HTTPError, ValueError) as error:
        raise FetchError(shown(url), *_explanation(error, limits)) from error


def _explanation(error: Exception, limits: Documents) -> tuple[str, str]:
    """Reason and remedy."""
    reason, remedy = next((r, m) for kind, r, m in EXPLANATIONS if isinstance(error, kind))
    return reason.format(limits=limits, error=error, cause=cause(error)), remedy
