"""Send a callback and say what came of it. No failure of the network is an exception here.

A receiver's status decides as soon as its head is read: the answer's body is only read so that the
connection can be used again, and whatever is wrong with it, the status stands.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin

from requests import PreparedRequest, Response
from urllib3.exceptions import HTTPError

from adapter.callbacks.address import USABLE
from adapter.callbacks.forms import CONTENT_TYPE as FORM
from adapter.callbacks.retry import Answer, retry_after
from adapter.callbacks.signing import (
    form_signature_headers,
    signature_headers,
    strip_credentials,
)
from adapter.deadline import Clock, Overdue, within
from adapter.outgoing import AddressRefused, Network, cause, proxies_for, send, session

MAX_ANSWER_BYTES = 65_536
"""After more of an answer than this, a new connection is cheaper."""

KEPT_RECEIVERS = 64
"""Receivers whose connections are kept."""

# Of an error or a reason phrase, what is worth keeping in the store.
_MAX_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds: for each address to connect to, for each wait on an open connection, for all."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 30.0


class Transport:
    """Sends callbacks and keeps connections; nothing goes to an address in `deny`.

    `connections` is how many are kept for one receiver. The hard end at the total time needs
    cooperative sockets, as in a monkey-patched process.
    """

    def __init__(
        self, timeouts: Timeouts, *, deny: Sequence[Network] = (), connections: int = 16
    ) -> None:
        self._timeouts = timeouts
        self._session = session(deny, pool_connections=KEPT_RECEIVERS, pool_maxsize=connections)
        # The environment does not change, and reading it anew would take a fifth of a request.
        self._proxies = lru_cache(maxsize=KEPT_RECEIVERS)(proxies_for)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, key: str | None = None
    ) -> Answer:
        """POST within the total time, signed with `key` if there is one.

        Without a content type among the `headers` there is no body: it is a GET.
        """
        try:
            request = prepared(url, body, headers, key)
        except ValueError:
            # The error's own text may quote a password.
            return Answer(error=USABLE, refused=True)
        answer = Answer(error="timed out")
        try:
            with within(self._timeouts.total) as clock, self._send(request) as response:
                answer = _answer(response)
                _read_rest(response, clock)
        except AddressRefused as error:
            return Answer(error=str(error), refused=True)
        except Overdue:
            pass
        except (OSError, HTTPError, ValueError) as error:
            if answer.status is None:
                answer = Answer(error=_shown(cause(error)))
        return answer

    def close(self) -> None:
        """Close what is idle; exchanges that run are not touched."""
        self._session.close()

    def _send(self, request: PreparedRequest) -> Response:
        url = request.url or ""
        return send(
            self._session,
            request,
            timeout=(self._timeouts.connect, self._timeouts.read),
            proxies=self._proxies(urljoin(url, "/")),
        )


def prepared(
    url: str, body: bytes, headers: Mapping[str, str], key: str | None = None
) -> PreparedRequest:
    """The request as it goes out; ValueError for an unusable address.

    Credentials in `url` become Basic auth. What is signed is the address that the receiver sees.
    Only forms have no body, and are signed as such.
    """
    plain, credentials = strip_credentials(url)
    user_and_password = tuple(word.encode(errors="replace") for word in credentials or ())
    request = PreparedRequest()
    content_type = headers.get("Content-Type")
    request.prepare(
        method="POST" if content_type else "GET",
        url=plain,
        headers=headers,
        data=body if content_type else None,
        auth=user_and_password or None,
    )
    if key is not None:
        is_form = not content_type or content_type == FORM
        sign = form_signature_headers if is_form else signature_headers
        request.headers.update(sign(key, request.url or "", body))
    return request


def _answer(response: Response) -> Answer:
    return Answer(
        status=response.status_code,
        error=_shown(response.reason) or None,
        retry_after=retry_after(response.headers.get("Retry-After"), time.time()),
    )


def _read_rest(response: Response, clock: Clock) -> None:
    left = MAX_ANSWER_BYTES
    while left > 0 and (piece := response.raw.read1(left, decode_content=False)):
        clock.check()
        left -= len(piece)


def _shown(text: str) -> str:
    return "".join(letter for letter in text[:_MAX_REASON] if letter.isprintable()).strip()
