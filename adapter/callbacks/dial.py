"""Open a connection to a receiver: names, addresses, a proxy if the environment names one, TLS.

Names are looked up in threads of our own: a resolver that hangs must not hold up the lookups of
the rest of the process. Each address that a name leads to is asked about before it is connected
to, so that a name cannot lead where no callback may go.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from ipaddress import ip_address
from typing import Any
from urllib.request import getproxies, proxy_bypass

import certifi
import gevent
from gevent import monkey, socket, ssl
from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

from adapter.callbacks.address import Address, AddressError, parse_address
from adapter.callbacks.wire import Deadline, TimedSocket

# The blocking lookup of the C library, wanted in a thread even when the process is patched.
_getaddrinfo = monkey.get_original("socket", "getaddrinfo")

LOOKUP_THREADS = 8
# A name may lead to many addresses; more than this is no help within the connect time.
MAX_ADDRESSES = 4

_CLOSE_SECONDS = 0.5

AddressCheck = Callable[[str], str | None]


class RefusedError(Exception):
    """Our own rules forbid this address; the message is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds: for each address to connect to, for each wait on an open connection, for all."""

    connect: float = 2.0
    read: float = 5.0
    total: float = 15.0


class Dialer:
    """Opens connections. `check` gives the reason why an IP address may not be reached, or None."""

    def __init__(self, timeouts: Timeouts, check: AddressCheck | None = None) -> None:
        self._timeouts = timeouts
        self._check = check
        self._lookups = ThreadPool(LOOKUP_THREADS)
        self._lookup_slots = BoundedSemaphore(LOOKUP_THREADS)
        self._tls = _tls_context()
        self._proxies = getproxies()

    def dial(self, address: Address, deadline: Deadline) -> TimedSocket:
        """Connect to the address, or to the proxy for it, ready for a request.

        Raises OSError (TimeoutError and ssl.SSLError are such), HTTPException or RefusedError.
        """
        proxy = self.proxy(address)
        if proxy is None:
            connection = self._connect(address, deadline, self._check)
        else:
            connection = self._connect(proxy, deadline, None)
        if address.scheme == "http":
            return connection
        try:
            if proxy is not None:
                _open_tunnel(connection, proxy, address)
            connection.start_tls(self._tls, address.host)
        except BaseException:
            connection.close()
            raise
        return connection

    def proxy(self, address: Address) -> Address | None:
        """The proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name for this address, or None."""
        url = self._proxies.get(address.scheme) or self._proxies.get("all")
        netloc = f"{address.host}:{address.port}"
        if not url or proxy_bypass(netloc, self._proxies):
            return None
        try:
            return parse_address(url if "://" in url else f"http://{url}")
        except AddressError as error:
            raise OSError(f"the proxy's address cannot be used: {error}") from error

    def close(self) -> None:
        """Let the lookup threads go; one that still looks up is not waited for."""
        with gevent.Timeout(_CLOSE_SECONDS, False):
            self._lookups.kill()

    def _connect(
        self, address: Address, deadline: Deadline, check: AddressCheck | None
    ) -> TimedSocket:
        failure: OSError = OSError("the name leads to no address")
        for family, target in self._resolve(address, deadline)[:MAX_ADDRESSES]:
            reason = check(target[0]) if check else None
            if reason is not None:
                raise RefusedError(reason)
            try:
                sock = self._connect_one(family, target, deadline)
            except OSError as error:
                failure = error
            else:
                return TimedSocket(sock, deadline, self._timeouts.read)
        raise failure

    def _connect_one(self, family: int, target: Any, deadline: Deadline) -> Any:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(min(self._timeouts.connect, deadline.left()))
            sock.connect(target)
            # A request longer than one packet must not wait for the ACK of its first.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            sock.close()
            raise
        return sock

    def _resolve(self, address: Address, deadline: Deadline) -> list[tuple[int, Any]]:
        host, port = address.host, address.port
        if _is_ip(host):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return [(family, (host, port))]
        if not self._lookup_slots.acquire(timeout=deadline.left()):
            raise TimeoutError(f"looking up {host} timed out")
        lookup = self._lookups.spawn(_lookup, host, port)
        lookup.rawlink(lambda _: self._lookup_slots.release())
        lookup.wait(deadline.left())
        if not lookup.ready():
            raise TimeoutError(f"looking up {host} timed out")
        found = lookup.get()
        if isinstance(found, OSError):
            raise found
        return list(found)


def _open_tunnel(connection: TimedSocket, proxy: Address, address: Address) -> None:
    target = f"{address.bracketed_host}:{address.port}"
    head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
    if proxy.authorization:
        head += f"Proxy-Authorization: {proxy.authorization}\r\n"
    connection.send(f"{head}\r\n".encode("ascii"))
    response = HTTPResponse(connection, method="CONNECT")  # type: ignore[arg-type]
    response.begin()
    if response.status != HTTPStatus.OK:
        raise OSError(f"the proxy answered {response.status}")


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    context.load_verify_locations(named or certifi.where())
    return context


def _lookup(host: str, port: int) -> list[tuple[int, Any]] | OSError:
    try:
        found = _getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error if isinstance(error, OSError) else OSError(str(error))
    return [(family, target) for family, _, _, _, target in found]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
