"""POST a body and say what came of it. No failure of the network is an exception here.

http.client reads the answers; requests, connections and their deadlines are ours. That costs less
than half of what a `requests` session does per POST, and there is no pool lock that a greenlet
could leave taken. A receiver's status decides as soon as its head is read: after a body that is
too long, or does not come in time, the connection is closed and the status stands.
"""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, RemoteDisconnected

from adapter.callbacks.address import Address, AddressError, parse_address
from adapter.callbacks.dial import AddressCheck, Dialer, RefusedError, Timeouts
from adapter.callbacks.retry import Answer, retry_after
from adapter.callbacks.wire import Deadline, TimedSocket

# An answer's body is of no interest; it is read only so that the connection can be used again.
MAX_ANSWER_BYTES = 65_536
# Servers and middleboxes drop idle connections after some tens of seconds; be earlier.
IDLE_SECONDS = 20.0
MAX_IDLE_PER_ORIGIN = 16
# Of an error or a reason phrase, what is worth keeping in the store.
_MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class _Idle:
    wire: TimedSocket
    since: float


class Transport:
    """Sends callbacks and keeps connections. Used by the greenlets of one hub."""

    def __init__(self, timeouts: Timeouts, check: AddressCheck | None = None) -> None:
        self._timeouts = timeouts
        self._dialer = Dialer(timeouts, check)
        self._idle: defaultdict[str, list[_Idle]] = defaultdict(list)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST within the total time. Credentials in `url` are sent as Basic auth."""
        try:
            return self._post(parse_address(url), body, headers)
        except (AddressError, RefusedError) as error:
            return Answer(error=str(error), refused=True)
        except (OSError, HTTPException) as error:
            return Answer(error=_shown(str(error) or type(error).__name__))

    def close_idle(self, older_than: float = IDLE_SECONDS) -> None:
        """Close connections that have not been used for so many seconds."""
        limit = time.monotonic() - older_than
        for origin, connections in list(self._idle.items()):
            for idle in connections:
                if idle.since <= limit:
                    idle.wire.close()
            self._idle[origin] = [idle for idle in connections if idle.since > limit]
            if not self._idle[origin]:
                del self._idle[origin]

    def close(self) -> None:
        """Close what is idle and the lookup threads; exchanges that run are not touched."""
        self.close_idle(older_than=0)
        self._dialer.close()

    def _post(self, address: Address, body: bytes, headers: Mapping[str, str]) -> Answer:
        deadline = Deadline(self._timeouts.total)
        request = self._head(address, headers, len(body)) + body
        kept = self._take_idle(address.origin)
        if kept is not None:
            kept.deadline = deadline
            try:
                return self._exchange(kept, address.origin, request)
            except (RemoteDisconnected, ConnectionError):
                # The receiver closed it just as we began. If it did read the request, it knows
                # the next one by its Idempotency-Key.
                pass
        return self._exchange(self._dialer.dial(address, deadline), address.origin, request)

    def _head(self, address: Address, headers: Mapping[str, str], length: int) -> bytes:
        target, credentials = self._through(address)
        lines = {"Host": address.netloc, **headers, **credentials, "Content-Length": str(length)}
        fields = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {target} HTTP/1.1\r\n{fields}\r\n".encode("latin-1")

    def _through(self, address: Address) -> tuple[str, dict[str, str]]:
        credentials = {}
        if address.authorization:
            credentials["Authorization"] = address.authorization
        proxy = self._dialer.proxy(address) if address.scheme == "http" else None
        if proxy is None:
            return address.target, credentials
        if proxy.authorization:
            credentials["Proxy-Authorization"] = proxy.authorization
        return address.url, credentials

    def _exchange(self, wire: TimedSocket, origin: str, request: bytes) -> Answer:
        reusable = False
        try:
            wire.send(request)
            response = HTTPResponse(wire, method="POST")  # type: ignore[arg-type]
            response.begin()
            answer = _answer(response)
            reusable = _read_rest(response) and not response.will_close
        finally:
            if reusable and len(self._idle[origin]) < MAX_IDLE_PER_ORIGIN:
                self._idle[origin].append(_Idle(wire, time.monotonic()))
            else:
                wire.close()
        return answer

    def _take_idle(self, origin: str) -> TimedSocket | None:
        connections = self._idle.get(origin, [])
        while connections:
            idle = connections.pop()
            if time.monotonic() - idle.since < IDLE_SECONDS and idle.wire.is_quiet():
                return idle.wire
            idle.wire.close()
        return None


def _answer(response: HTTPResponse) -> Answer:
    return Answer(
        status=response.status,
        error=_shown(response.reason) or None,
        retry_after=retry_after(response.getheader("Retry-After"), time.time()),
    )


def _read_rest(response: HTTPResponse) -> bool:
    """Read what is left of the answer; whether that was all of it."""
    try:
        response.read(MAX_ANSWER_BYTES)
        return response.isclosed() or not response.read(1)
    except (OSError, HTTPException):
        return False


def _shown(text: str) -> str:
    return "".join(letter for letter in text[:_MAX_REASON] if letter.isprintable()).strip()
